import { isServiceError } from '../errors.ts';
import { decideStep, type Step } from '../flow/decide-step.ts';
import type { Flow } from '../flow/flow.ts';
import type { World } from '../flow/world.ts';
import type { Reconciler, StepResult } from './reconciler.ts';
import { concludeFlow } from './steps/conclude-flow.ts';
import { confirmLost } from './steps/confirm-lost.ts';
import { deleteResults } from './steps/delete-results.ts';
import { noteAttempt, noteWorker } from './steps/note-evidence.ts';
import { lookAtEvents, notePending } from './steps/note-pending.ts';
import { prepare, renew } from './steps/prepare.ts';
import { recordFlow } from './steps/record-flow.ts';
import { releaseAttempts } from './steps/release-attempts.ts';
import { stopAttempts } from './steps/stop-attempts.ts';
import { tellOutcome } from './steps/tell-outcome.ts';
import { verifyAttempt } from './steps/verify-attempt.ts';

/** More steps than any flow has in one pass: what comes here goes round in circles and is left to the back-off. */
const stepLimit = 30;

/**
 * Reads the world, takes the next step, and goes on while there is one. May be called any number of times, by any number of
 * replicas: every write is conditional on what was read, and a lost race ends the pass (the winner's write wakes it again).
 */
export async function reconcileFlow(
  deps: Reconciler,
  name: string,
  signal: AbortSignal,
): Promise<{ againAfterMillis?: number }> {
  for (let steps = 0; steps < stepLimit; steps += 1) {
    const flow = deps.world.flow(name);
    if (flow === undefined) return {};
    deps.settle.remaining(flow);
    const step = decideStep(readWorld(deps, flow));
    signal.throwIfAborted();
    const result = await takeOrYield(deps, { flow, step }, signal);
    if (result.then === 'wait') return result.millis === undefined ? {} : { againAfterMillis: result.millis };
  }
  throw new Error(`${name} took ${stepLimit} steps in one pass.`);
}

function readWorld({ world, config, now }: Reconciler, flow: Flow): World {
  const { pendingLimits } = config.pods;
  return { flow, attempts: world.attempts(flow.name), pendingLimits, now: now().getTime() };
}

interface NextStep<K extends Step['take'] = Step['take']> {
  flow: Flow;
  step: Extract<Step, { take: K }>;
}

type Handlers = {
  [K in Step['take']]: (deps: Reconciler, next: NextStep<K>, signal: AbortSignal) => Promise<StepResult>;
};

const handlers: Handlers = {
  wait: (deps, { step }) => Promise.resolve(waitUntil(step.until, deps.now())),
  prepare: (deps, { flow }, signal) => prepare(deps, flow, signal),
  'renew-credentials': (deps, { flow }, signal) => renew(deps, flow, signal),
  'note-pending': (deps, { flow, step }, signal) => notePending(deps, { flow, note: step.note }, signal),
  'look-at-events': (deps, { flow, step }, signal) =>
    lookAtEvents(deps, { flow, attempts: deps.world.attempts(flow.name), until: step.until }, signal),
  'note-worker': (deps, { flow, step }, signal) => noteWorker(deps, { flow, worker: step.worker }, signal),
  'note-attempt': (deps, { flow, step }, signal) =>
    noteAttempt(deps, { flow, attempt: step.attempt }, signal),
  release: (deps, { step }, signal) => releaseAttempts(deps, step.attempts, signal),
  'confirm-lost': (deps, { flow, step }, signal) =>
    confirmLost(deps, { flow, outcome: step.outcome }, signal),
  verify: (deps, { flow, step }, signal) => verifyAttempt(deps, { flow, ...step }, signal),
  conclude: (deps, { flow, step }, signal) => concludeFlow(deps, { flow, outcome: step.outcome }, signal),
  stop: (deps, { flow, step }, signal) => stopAttempts(deps, { flow, attempts: step.attempts }, signal),
  tell: (deps, { flow }, signal) => tellOutcome(deps, flow, signal),
  'delete-results': (deps, { flow }, signal) => deleteResults(deps, flow, signal),
  record: (deps, { flow }, signal) => recordFlow(deps, flow, signal),
};

async function takeOrYield<K extends Step['take']>(
  deps: Reconciler,
  next: NextStep<K>,
  signal: AbortSignal,
): Promise<StepResult> {
  try {
    const handler: Handlers[K] = handlers[next.step.take];
    return await handler(deps, next, signal);
  } catch (error) {
    if (!isServiceError(error, 'cluster-conflict')) throw error;
    await catchUp(deps, next.flow.name, signal);
    return { then: 'wait', millis: conflictMillis };
  }
}

/** The winner's write wakes the flow at once; this is for a conflict that no event follows. */
const conflictMillis = 1000;

/** Somebody else wrote first: what is there now is learnt without waiting for the watch. */
async function catchUp(deps: Reconciler, name: string, signal: AbortSignal): Promise<void> {
  const job = await deps.cluster.jobs.get(name, signal);
  if (job !== undefined) deps.world.learnJob(job);
}

function waitUntil(until: number | undefined, now: Date): StepResult {
  return { then: 'wait', millis: until === undefined ? undefined : Math.max(0, until - now.getTime()) };
}
