import { isServiceError, ServiceError } from '../errors.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { wasTaken } from '../flow/told.ts';
import { nextMark } from './ask-again.ts';
import { recalledOf } from './find-flow.ts';
import type { FlowService } from './flow-service.ts';
import type { Provisioner } from './provisioner.ts';

interface Asker extends Provisioner {
  askAgain: FlowService['askAgain'];
}

/** The reconciler writes a few times while it calls back; more than that is not one flow's doing. */
const tries = 5;

/**
 * Before EDC 0.11 a repeat and a deprovision look alike, and a connector may deprovision before it is written down that it took the
 * callback. What cannot be told apart is noted on the Job, on condition that nobody has written there meanwhile; what became of that
 * callback then says which it was (`readLateDeprovision`).
 */
export async function askUntyped(deps: Asker, name: string, signal: AbortSignal): Promise<'asked' | 'told'> {
  for (let left = tries; left > 0; left -= 1) {
    const job = await deps.cluster.jobs.get(name, signal);
    const flow = job === undefined ? undefined : readFlow(job);
    // Of a flow that is forgotten only its record is left, and that is written after its end.
    if (flow === undefined || wasTaken(flow.told)) return 'told';
    const intent = intentToNote(flow);
    if (intent === undefined) {
      await deps.askAgain(name, signal, recalledOf(flow));
      return 'asked';
    }
    if (await note(deps, { flow, intent }, signal)) return 'asked';
  }
  throw new ServiceError('unavailable', `${name} changed ${tries} times while a request for it was noted.`);
}

/** Of the callback that may have been taken. Of many such requests one need be noted. */
function intentToNote({ told, intent, maybeDeprovision }: Flow): string | undefined {
  if (told !== undefined || maybeDeprovision?.intent === intent?.at) return undefined;
  return intent?.at;
}

/** Also a mark that holds the next callback back, as every repeat leaves one. False if the Job is not as it was read. */
async function note(
  { cluster, now }: Provisioner,
  { flow, intent }: { flow: Flow; intent: string },
  signal: AbortSignal,
): Promise<boolean> {
  const at = nextMark(flow, now());
  const annotations = {
    [annotation.askedAt]: at,
    ...writeAnnotation(annotation.maybeDeprovision, { at, intent }),
  };
  const metadata = { resourceVersion: flow.resourceVersion, annotations };
  try {
    await cluster.jobs.patch(flow.name, { metadata }, signal);
    return true;
  } catch (error) {
    if (isServiceError(error, 'cluster-conflict')) return false;
    throw error;
  }
}
