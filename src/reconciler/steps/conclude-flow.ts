import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Outcome } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler, StepResult } from '../reconciler.ts';
import { patchFlow } from './patch-flow.ts';

/** An annotation is no place for a novel; the beginning says what happened. */
const messageLimit = 2000;

/** Writes the outcome: from here on nothing that the cluster does can change it. */
export async function concludeFlow(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<StepResult> {
  const bounded =
    'message' in outcome ? { ...outcome, message: outcome.message.slice(0, messageLimit) } : outcome;
  const result = await patchFlow(
    deps,
    { flow, annotations: writeAnnotation(annotation.outcome, bounded) },
    signal,
  );
  const reason = 'reason' in outcome ? outcome.reason : '';
  deps.metrics.outcomes.inc({ template: flow.request.template, phase: outcome.phase, reason });
  flowLogger(deps.log, flow.name).info({ outcome: bounded }, 'The flow has its outcome.');
  return result;
}
