import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import { attemptEnd, compareAge, type Attempt, type AttemptEnd, type WorkerEnd } from '../../flow/attempt.ts';
import type { Flow, ObservedFlow } from '../../flow/flow.ts';
import { inputFailure } from '../../flow/sidecar-report.ts';
import { judgeAttempt, needsWorkerOutput } from '../../flow/judge-attempt.ts';
import { patchFlow, type JobWriter } from '../patch-flow.ts';
import type { Reconciler, Step, StepResult } from '../reconciler.ts';
import { readWorkerOutput } from './read-worker-log.ts';
import { release, type Release } from './release-attempts.ts';

interface SaveWorkerEnd extends Step<'save-worker-end'> {
  worker: WorkerEnd;
}

interface SaveAttemptEnd extends Step<'save-attempt-end'> {
  attempt: Attempt;
}

/**
 * Pods vanish: their end is saved on the Job before they are released. Only one attempt's results are handed out: an end with results
 * counts before one without, whichever comes first, and of two ends without results the newer attempt's counts. Once an end with
 * results is saved, no other attempt counts, even if the store then lacks the results: a replacement exists only if the pod was disrupted
 * after its work was done, and the outcome must not depend on that accident.
 */
export function decideEvidence({
  flow,
  attempts,
  now,
}: ObservedFlow): SaveWorkerEnd | SaveAttemptEnd | Release | undefined {
  // No pod can change the outcome any more; they are released after the callback, which does not wait for that.
  if (flow.attempt !== undefined && hasResults(flow.attempt)) return undefined;
  const at = new Date(now).toISOString();
  for (const [index, attempt] of attempts.entries()) {
    if (isOver(flow, attempt))
      return isSuperseded(flow, attempt, at) ? release([attempt]) : saveAttemptEndStep(flow, attempt);
    if (isOlder(attempt, flow.attempt)) continue;
    if (hasUnsavedWorkerEnd(flow, attempt) && !attempts.slice(index + 1).some(hasEndedWorker))
      return saveWorkerEndStep(flow, attempt, at);
  }
  return undefined;
}

function hasResults(end: AttemptEnd): boolean {
  return judgeAttempt(end).verdict === 'verify';
}

/** Its end is saved already, or it has no results and a newer attempt's end is saved. */
function isSuperseded({ attempt: saved, worker }: Flow, attempt: Attempt, at: string): boolean {
  if (saved?.attempt === attempt.id) return true;
  return isOlder(attempt, saved) && !hasResults(attemptEnd(attempt, worker, at));
}

function isOlder(attempt: Attempt, saved: AttemptEnd | undefined): boolean {
  if (saved?.createdAt === undefined) return false;
  return compareAge(attempt, { createdAt: undefined, disrupted: undefined, ...saved }) < 0;
}

/** Its pod has ended, or its sidecar says that no worker will start: that is saved once, and its pod is released after the outcome. */
function isOver({ attempt: saved }: Flow, { id, terminal, worker, sidecar }: Attempt): boolean {
  if (terminal) return true;
  if (saved?.attempt === id || worker.state !== 'waiting' || sidecar.state !== 'ended') return false;
  return inputFailure(sidecar.message) !== undefined;
}

function hasUnsavedWorkerEnd(flow: Flow, attempt: Attempt): attempt is EndedAttempt {
  return hasEndedWorker(attempt) && attempt.disrupted === undefined && flow.worker?.attempt !== attempt.id;
}

type EndedAttempt = Attempt & { worker: { state: 'ended' } };

function hasEndedWorker(attempt: Attempt): attempt is EndedAttempt {
  return attempt.worker.state === 'ended';
}

/** Saved before anything marks the pod for deletion: afterwards a result and an eviction look the same (observation 22). */
function saveWorkerEndStep(flow: Flow, { id, worker: end }: EndedAttempt, at: string): SaveWorkerEnd {
  const worker = { attempt: id, exitCode: end.exitCode, reason: end.reason, at };
  const annotations = writeAnnotation(annotation.worker, worker);
  return {
    kind: 'save-worker-end',
    worker,
    run: (deps, signal) => patchFlow(deps, { flow, annotations }, signal),
  };
}

function saveAttemptEndStep(flow: Flow, attempt: Attempt): SaveAttemptEnd {
  return {
    kind: 'save-attempt-end',
    attempt,
    run: (deps, signal) => saveAttemptEnd(deps, { flow, attempt }, signal),
  };
}

export async function saveAttemptEnd(
  deps: JobWriter & Pick<Reconciler, 'config' | 'now'>,
  { flow, attempt }: { flow: Flow; attempt: Attempt },
  signal: AbortSignal,
): Promise<StepResult> {
  const end = attemptEnd(attempt, flow.worker, deps.now().toISOString());
  const withOutput = await addOutput(deps, { flow, attempt, end }, signal);
  const annotations = writeAnnotation(annotation.attempt, withOutput);
  const entry = { fields: { attempt: { ...withOutput, log: undefined } }, message: 'attempt ended' };
  return await patchFlow(deps, { flow, annotations, entry }, signal);
}

/** Our finalizer keeps the pod until its end is saved, so that its log is still there. */
async function addOutput(
  deps: Pick<Reconciler, 'cluster' | 'config' | 'log'>,
  { flow, attempt, end }: { flow: Flow; attempt: Attempt; end: AttemptEnd },
  signal: AbortSignal,
): Promise<AttemptEnd> {
  const { worker, pod } = end;
  if (worker === undefined) return end;
  const { message: reported, ...rest } = worker;
  // Nobody reads the message of a disrupted pod's worker, and it may hold a secret.
  if (end.disrupted !== undefined) return { ...end, worker: rest };
  if (!needsWorkerOutput(end)) return end;
  const ended = { flow: flow.name, pod, secrets: attempt.secrets ?? [], message: reported };
  const { log, message } = await readWorkerOutput(deps, ended, signal);
  return {
    ...end,
    worker: { ...rest, ...(message === undefined ? {} : { message }) },
    ...(log === undefined ? {} : { log }),
  };
}
