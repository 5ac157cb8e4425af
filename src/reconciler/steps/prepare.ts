import { isServiceError, messageOf } from '../../errors.ts';
import type { Flow } from '../../flow/flow.ts';
import type { FailureReason } from '../../flow/reasons.ts';
import { prepareFlow, renewCredentials } from '../../provisioner/prepare-flow.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';
import { concludeFlow } from './conclude-flow.ts';

/**
 * What the API server or the store refuses for good ends the flow; what is out of reach is tried again until the pending deadline.
 * One try is always made: a flow may have waited for its service, not for its preparation.
 */
export async function prepare(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  try {
    deps.world.learnJob(await prepareFlow(deps, flow, signal));
    return goOn;
  } catch (error) {
    if (isServiceError(error, 'cluster-conflict') || signal.aborted) throw error;
    const reason = endReason(deps, flow, error);
    if (reason === undefined) throw error;
    const at = deps.now().toISOString();
    const message = `The Job could not be prepared: ${messageOf(error)}`;
    return await concludeFlow(deps, { flow, outcome: { phase: 'failed', at, reason, message } }, signal);
  }
}

function endReason({ now }: Reconciler, flow: Flow, error: unknown): FailureReason | undefined {
  if (isServiceError(error, 'cluster-refused', 'cluster-not-found', 'store-refused', 'object-missing'))
    return 'preparation-refused';
  const deadline = Date.parse(flow.createdAt) + flow.plan.limits.pending * 1000;
  return now().getTime() > deadline ? 'pending-deadline-exceeded' : undefined;
}

export async function renew(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  deps.world.learnJob(await renewCredentials(deps, flow, signal));
  return goOn;
}
