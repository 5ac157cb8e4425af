import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import type { Flow } from '../../flow/flow.ts';
import type { Outcome } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler, StepResult } from '../reconciler.ts';
import { readWorkerWords } from '../worker-words.ts';
import { patchFlow } from './patch-flow.ts';

type FailedOutcome = Extract<Outcome, { phase: 'failed' }>;

/** An annotation is no place for a novel; the beginning says what happened. */
export const messageLimit = 2000;

/** Writes the outcome: from here on nothing that the cluster does can change it. */
export async function concludeFlow(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: Outcome },
  signal: AbortSignal,
): Promise<StepResult> {
  const bounded =
    'message' in outcome ? { ...outcome, message: outcome.message.slice(0, messageLimit) } : outcome;
  const detail = outcome.phase === 'failed' ? await explain(deps, { flow, outcome }, signal) : undefined;
  const explained = detail === undefined ? bounded : { ...bounded, detail };
  const result = await patchFlow(
    deps,
    { flow, annotations: writeAnnotation(annotation.outcome, explained) },
    signal,
  );
  const reason = 'reason' in outcome ? outcome.reason : '';
  deps.metrics.outcomes.inc({ template: flow.request.template, phase: outcome.phase, reason });
  flowLogger(deps.log, flow.name).info({ outcome: bounded }, 'The flow has its outcome.');
  return result;
}

/** What the worker said last: noted with its end, or read now of one that is about to be stopped. */
async function explain(
  deps: Reconciler,
  { flow, outcome }: { flow: Flow; outcome: FailedOutcome },
  signal: AbortSignal,
): Promise<string | undefined> {
  if (outcome.reason !== 'run-deadline-exceeded') return flow.attempt?.log;
  const running = deps.world.attempts(flow.name).findLast(({ worker }) => worker.state === 'running');
  if (running === undefined) return undefined;
  const { log } = await readWorkerWords(deps, { flow: flow.name, pod: running.pod }, signal);
  return log;
}
