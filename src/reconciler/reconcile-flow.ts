import { isServiceError } from '../errors.ts';
import { decideStep, type Step } from '../flow/decide-step.ts';
import { isFinal } from '../flow/delivery.ts';
import type { Flow } from '../flow/flow.ts';
import { readWorld } from './read-world.ts';
import { goOn, type Reconciler, type StepResult } from './reconciler.ts';
import { confirmLost } from './steps/confirm-pods-gone.ts';
import { deliverOutcome } from './steps/deliver-outcome.ts';
import { deleteResults } from './steps/delete-results.ts';
import { noteAttempt, noteWorker } from './steps/save-evidence.ts';
import { lookAtEvents, notePending } from './steps/save-pending.ts';
import { prepare, renew } from './steps/prepare.ts';
import { recordFlow } from './steps/record-flow.ts';
import { releaseAttempts } from './steps/release-attempts.ts';
import { setOutcome } from './steps/set-outcome.ts';
import { stopAttempts } from './steps/stop-attempts.ts';
import { verifyAttempt } from './steps/verify-attempt.ts';
import type { PassEnd } from './machinery/work-queue.ts';

/** More steps than any flow has in one pass: guards against an endless loop of steps; the queue retries with back-off. */
const stepLimit = 30;

/** Lost races in one pass: somebody writes as fast as we do, or the API server says "conflict" to everything. */
const conflictLimit = 5;

/**
 * Reads the observed state, takes the next step, and goes on while there is one; what follows the delivery takes another pass. May
 * be called any number of times, by any number of replicas: every write is conditional on what was read, and after a lost race the
 * next step is decided from the winner's write. Never throws: a failure is returned with the step at which it happened.
 */
export async function reconcileFlow(deps: Reconciler, name: string, signal: AbortSignal): Promise<PassEnd> {
  let stoppedAt: string | undefined;
  let conflicts = 0;
  try {
    for (let steps = 0; steps < stepLimit; steps += 1) {
      const flow = deps.world.flow(name);
      if (flow === undefined) return {};
      const step = decideStep(readWorld(deps, flow));
      stoppedAt = describePosition(flow, step);
      signal.throwIfAborted();
      const result = await takeStep(deps, { flow, step }, signal).catch(async (error: unknown) => {
        conflicts += 1;
        if (conflicts > conflictLimit || !(await hasLostRace(deps, { flow, error }, signal))) throw error;
        return goOn;
      });
      if (result.then === 'wait') return { stoppedAt, requeueAfterMillis: result.millis };
      if (!isFinal(flow.delivery) && isDelivered(deps, name)) return { requeueAfterMillis: 0 };
    }
    throw new Error(`${name} took ${stepLimit} steps in one pass.`);
  } catch (error) {
    return { stoppedAt, failure: { error } };
  }
}

/** Nobody waits for what remains of a flow: when many end at once, the callbacks of the others go first. */
function isDelivered({ world }: Reconciler, name: string): boolean {
  return isFinal(world.flow(name)?.delivery);
}

/** Where a flow stands now, to be compared with where its last pass stopped. Undefined: it is gone, or waits for any change. */
export function positionOf(deps: Reconciler, name: string): string | undefined {
  const flow = deps.world.flow(name);
  if (flow === undefined) return undefined;
  try {
    return describePosition(flow, decideStep(readWorld(deps, flow)));
  } catch {
    return undefined; // broken by hand: a pass reports it, and the watch that asks goes on
  }
}

/**
 * A step that failed or waits is not taken again for a change that leads to the same step: neither for an echo of our own write nor
 * for a pod's status, a repeated request or a controller's heartbeat. What somebody else asks of the flow always counts, once.
 */
function describePosition(flow: Flow, step: Step): string | undefined {
  if (step.take === 'wait') return undefined;
  return JSON.stringify({
    uid: flow.uid,
    step: step.take,
    until: step.take === 'look-at-events' ? step.until : undefined,
    deleted: flow.deletedAt !== undefined,
    deprovision: flow.deprovisionAskedAt !== undefined,
    cancel: flow.cancel !== undefined,
  });
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
  'set-outcome': (deps, { flow, step }, signal) => setOutcome(deps, { flow, outcome: step.outcome }, signal),
  stop: (deps, { flow, step }, signal) => stopAttempts(deps, { flow, attempts: step.attempts }, signal),
  deliver: (deps, { flow }, signal) => deliverOutcome(deps, flow, signal),
  'delete-results': (deps, { flow }, signal) => deleteResults(deps, flow, signal),
  record: (deps, { flow }, signal) => recordFlow(deps, flow, signal),
};

async function takeStep<K extends Step['take']>(
  deps: Reconciler,
  next: NextStep<K>,
  signal: AbortSignal,
): Promise<StepResult> {
  const handler: Handlers[K] = handlers[next.step.take];
  return await handler(deps, next, signal);
}

/** Whether somebody else wrote first. Decided from the Job as it is now, which the watch has mostly brought before the refusal came. */
async function hasLostRace(
  { cluster, world }: Reconciler,
  { flow, error }: { flow: Flow; error: unknown },
  signal: AbortSignal,
): Promise<boolean> {
  if (!isServiceError(error, 'cluster-conflict')) return false;
  if (isNewer(world.flow(flow.name)?.resourceVersion, flow)) return true;
  const job = await cluster.jobs.get(flow.name, signal);
  if (job === undefined || !isNewer(job.metadata?.resourceVersion, flow)) return false;
  world.learnJob(job);
  return true;
}

function isNewer(resourceVersion: string | undefined, flow: Flow): boolean {
  return Number(resourceVersion) > Number(flow.resourceVersion);
}

/** For a time that cannot be read: a timer would take it for now, without end. */
const unreadableMillis = 60_000;

function waitUntil(until: number | undefined, now: Date): StepResult {
  if (until === undefined) return { then: 'wait', millis: undefined };
  const millis = Number.isNaN(until) ? unreadableMillis : Math.max(0, until - now.getTime());
  return { then: 'wait', millis };
}
