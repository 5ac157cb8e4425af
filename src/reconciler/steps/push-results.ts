import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { isFinal, nobodyFetches, wasTaken } from '../../flow/delivery.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import type { PushEnd } from '../../flow/push.ts';
import { patchFlow } from '../patch-flow.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';

/**
 * For a flow whose results are sent to a sink. A push lasts as long as its results are large, so it runs beside the queue (`pushes/`):
 * the step starts it, and its end causes the next pass.
 */
export function decidePush({ flow }: ObservedOutcome): Step<'push' | 'pause-push'> | undefined {
  if (!wantsPush(flow)) return undefined;
  if (flow.protocol?.access === 'paused')
    return { kind: 'pause-push', run: (deps, signal) => saveOrPause(deps, flow, signal) };
  return { kind: 'push', run: (deps, signal) => startPush(deps, flow, signal) };
}

export function pausePush(flow: Flow): Step<'pause-push'> {
  return { kind: 'pause-push', run: ({ pushes }) => pause(pushes, flow) };
}

/** Its results are announced, and their end at the sink is not known yet. */
function wantsPush(flow: Flow): boolean {
  const { protocol, outcome, push } = flow;
  if (protocol?.pushes !== true || protocol.access === 'ended') return false;
  if (outcome?.phase !== 'succeeded' || push?.end !== undefined) return false;
  return isAnnounced(flow) && !nobodyFetches(flow);
}

function isAnnounced({ protocol, delivery }: Flow): boolean {
  return wasTaken(delivery) || (protocol?.announced === true && isFinal(delivery));
}

/** A push that has ended is not stopped any more: without its end on the Job it would be sent again after the resume. */
async function saveOrPause(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const { end } = deps.pushes.endOf(flow);
  return end === undefined ? await pause(deps.pushes, flow) : await saveEnd(deps, { flow, end }, signal);
}

async function pause(pushes: Reconciler['pushes'], { name }: Flow): Promise<StepResult> {
  await pushes.stop(name);
  return { kind: 'requeue', millis: undefined };
}

/** The attempt is on the Job first, so that a leader that follows knows that bytes may have been sent. */
async function startPush(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  if (deps.pushes.isRunning(flow.name)) return { kind: 'requeue', millis: undefined };
  const { end, pauseMillis } = deps.pushes.endOf(flow);
  if (end !== undefined) return await saveEnd(deps, { flow, end }, signal);
  if (pauseMillis > 0) return { kind: 'requeue', millis: pauseMillis };
  const { attempts = 0 } = flow.push ?? {};
  const startedAt = deps.now().toISOString();
  const annotations = writeAnnotation(annotation.push, { attempts: attempts + 1, startedAt });
  await patchFlow(deps, { flow, annotations }, signal);
  deps.pushes.start(deps.cache.flow(flow.name) ?? flow);
  return continueNow;
}

async function saveEnd(
  deps: Reconciler,
  { flow, end }: { flow: Flow; end: PushEnd },
  signal: AbortSignal,
): Promise<StepResult> {
  const { attempts = 1, startedAt = end.at } = flow.push ?? {};
  const annotations = writeAnnotation(annotation.push, { attempts, startedAt, end });
  const entry = { fields: { push: end }, message: 'push ended' };
  await patchFlow(deps, { flow, annotations, entry }, signal);
  deps.pushes.remove(flow.name);
  return continueNow;
}
