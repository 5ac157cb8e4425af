import { reasonOfEnd, type Flow } from '../../flow/flow.ts';
import { heldPodsSelector, flowLabel } from '../../flow/labels.ts';
import { goOn, type Reconciler, type StepResult } from '../reconciler.ts';
import { concludeFlow } from './conclude-flow.ts';

/** The Job has ended and no pod of it is known: either the pods' watch is behind the Jobs', or the evidence is gone. Ask. */
export async function confirmLost(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const labelSelector = `${heldPodsSelector},${flowLabel}=${flow.name}`;
  const { items } = await deps.cluster.pods.list({ labelSelector, limit: 10 }, signal);
  for (const pod of items) deps.world.learnPod(pod);
  if (items.length > 0) return goOn;
  const { type = 'Failed', reason = '', message = '' } = flow.jobEnd ?? {};
  const said = `The Job is ${type} (${[reason, message].filter(Boolean).join(': ')}) and none of its pods is left to tell what its worker did.`;
  const outcome = {
    phase: 'failed',
    at: deps.now().toISOString(),
    reason: reasonOfEnd(flow.jobEnd) ?? 'attempt-lost',
    message: said,
  } as const;
  return await concludeFlow(deps, { flow, outcome }, signal);
}
