import { annotation, writeAnnotation, type WorkerEnd } from '../../flow/annotations.ts';
import { attemptEnd, type Attempt } from '../../flow/attempt.ts';
import type { Flow } from '../../flow/flow.ts';
import { needsWords } from '../../flow/judge-attempt.ts';
import type { AttemptEnd } from '../../flow/outcome.ts';
import { flowLogger } from '../../log.ts';
import type { Reconciler, StepResult } from '../reconciler.ts';
import { readWorkerWords } from './read-worker-log.ts';
import { patchFlow } from '../patch-flow.ts';

/** The worker's end, before anything marks its pod: afterwards nobody could tell a result from an eviction (observation 22). */
export function saveWorkerEnd(
  deps: Reconciler,
  { flow, worker }: { flow: Flow; worker: WorkerEnd },
  signal: AbortSignal,
): Promise<StepResult> {
  return patchFlow(deps, { flow, annotations: writeAnnotation(annotation.worker, worker) }, signal);
}

export async function saveAttemptEnd(
  deps: Reconciler,
  { flow, attempt }: { flow: Flow; attempt: Attempt },
  signal: AbortSignal,
): Promise<StepResult> {
  const end = attemptEnd(attempt, flow.worker, deps.now().toISOString());
  const { log, ...said } = await addWords(deps, { flow, end }, signal);
  const result = await patchFlow(
    deps,
    { flow, annotations: writeAnnotation(annotation.attempt, log === undefined ? said : { ...said, log }) },
    signal,
  );
  flowLogger(deps.log, flow.name).info({ attempt: said }, 'An attempt ended.');
  return result;
}

/** The pod is held until its end is written down, so that its log is still there. */
async function addWords(
  deps: Reconciler,
  { flow, end }: { flow: Flow; end: AttemptEnd },
  signal: AbortSignal,
): Promise<AttemptEnd> {
  const { worker, pod } = end;
  if (worker === undefined) return end;
  const { message: said, ...rest } = worker;
  // Nobody reads what the worker of a disrupted pod said, and it may hold a secret.
  if (end.disrupted !== undefined) return { ...end, worker: rest };
  if (!needsWords(end)) return end;
  const { log, message } = await readWorkerWords(deps, { flow: flow.name, pod, message: said }, signal);
  return {
    ...end,
    worker: { ...rest, ...(message === undefined ? {} : { message }) },
    ...(log === undefined ? {} : { log }),
  };
}
