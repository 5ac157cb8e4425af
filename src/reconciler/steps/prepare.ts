import { isServiceError } from '../../errors.ts';
import type { Flow } from '../../flow/flow.ts';
import { prepareFlow, renewCredentials } from '../../provisioner/prepare-flow.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';
import { concludeFlow } from './conclude-flow.ts';

/** What the API server or the store refuses for good ends the flow; what is out of reach is tried again. */
export async function prepare(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  try {
    deps.world.learnJob(await prepareFlow(deps, flow, signal));
    return goOn;
  } catch (error) {
    if (!isServiceError(error, 'cluster-refused', 'store-refused', 'object-missing')) throw error;
    const at = deps.now().toISOString();
    return await concludeFlow(
      deps,
      { flow, outcome: { phase: 'failed', at, reason: 'preparation-refused', message: error.message } },
      signal,
    );
  }
}

export async function renew(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  deps.world.learnJob(await renewCredentials(deps, flow, signal));
  return goOn;
}
