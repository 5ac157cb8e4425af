import { annotation, writeAnnotation, type WorkerEnd } from '../../flow/annotations.ts';
import { attemptEnd, type Attempt } from '../../flow/attempt.ts';
import type { Flow } from '../../flow/flow.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler, StepResult } from '../reconciler.ts';
import { patchFlow } from './patch-flow.ts';

/** The worker's end, before anything marks its pod: afterwards nobody could tell a result from an eviction (observation 22). */
export function noteWorker(
  deps: Reconciler,
  { flow, worker }: { flow: Flow; worker: WorkerEnd },
  signal: AbortSignal,
): Promise<StepResult> {
  return patchFlow(deps, { flow, annotations: writeAnnotation(annotation.worker, worker) }, signal);
}

export async function noteAttempt(
  deps: Reconciler,
  { flow, attempt }: { flow: Flow; attempt: Attempt },
  signal: AbortSignal,
): Promise<StepResult> {
  const noted = flow.worker?.attempt === attempt.id ? flow.worker : undefined;
  const end = attemptEnd(attempt, noted, deps.now().toISOString());
  const result = await patchFlow(
    deps,
    { flow, annotations: writeAnnotation(annotation.attempt, end) },
    signal,
  );
  flowLogger(deps.log, flow.name).info({ attempt: end }, 'An attempt ended.');
  return result;
}
