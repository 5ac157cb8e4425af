import type { Flow } from '../../flow/flow.ts';
import { evidencePodsSelector, flowLabel } from '../../flow/labels.ts';
import type { Outcome } from '../../flow/outcome.ts';
import { continueNow, type Reconciler, type StepResult } from '../reconciler.ts';
import { setOutcome } from './set-outcome.ts';

/** The Job has ended and no pod is known that could change the outcome: either the pods' watch is behind the Jobs', or there is none. */
export async function confirmPodsGone(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<StepResult> {
  const labelSelector = `${evidencePodsSelector},${flowLabel}=${flow.name}`;
  const { items } = await deps.cluster.pods.list({ labelSelector, limit: 10 }, signal);
  for (const pod of items) deps.cache.updatePod(pod);
  if (items.length > 0) return continueNow;
  return await setOutcome(deps, { flow, outcome }, signal);
}
