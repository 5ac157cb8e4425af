import type { Config, Secrets } from '../config/config.ts';
import type { Flow, ObservedFlow } from '../flow/flow.ts';
import type { Attempt } from '../flow/attempt.ts';
import type { Job, Pod } from '../kubernetes/types.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Preparer } from '../cluster-objects/prepare-flow.ts';
import type { WarningEvents } from './observed/warning-events.ts';
import type { ReadAccess } from '../storage/read-access.ts';
import type { CallbackHold } from '../answer-first/callback-hold.ts';
import type { LogArchive } from './logs/log-archive.ts';
import type { Pushes } from './pushes/pushes.ts';
import type { StartQueue } from './start-queue.ts';
import type { Connectors } from './types.ts';

/** Dependencies of the steps. `cache` is the informers' cache; the answers to our own writes are put into it at once. */
export interface Reconciler extends Preparer {
  config: Config;
  secrets: Secrets;
  callbackHold: CallbackHold;
  readAccess: ReadAccess;
  cache: FlowCache;
  events: WarningEvents;
  connectors: Connectors;
  pushes: Pushes;
  logArchive: LogArchive;
  startQueue: StartQueue;
  metrics: Metrics;
  log: Logger;
}

export type ReconcilerDependencies = Omit<Reconciler, 'cache' | 'pushes' | 'logArchive' | 'startQueue'>;

export interface FlowCache {
  flow(name: string): Flow | undefined;
  /** All that are not closed. */
  flows(): Iterable<Flow>;
  /** From the oldest to the newest. */
  attempts(flow: string): Attempt[];
  updateJob(job: Job): void;
  updatePod(pod: Pod): void;
  removePod(key: string): void;
}

/** Reads the observed state from which the next step of this flow is decided. */
export function observeFlow(
  { cache, config, connectors, startQueue, now }: Reconciler,
  flow: Flow,
): ObservedFlow {
  const { pendingLimits } = config.pods;
  const awaitsConfirmation = connectors.rulesOf(flow.request)?.confirmsDeprovision === true;
  const attempts = cache.attempts(flow.name);
  const waitsForTurn = flow.startedAt === undefined && !startQueue.hasTurn(flow);
  return { flow, attempts, pendingLimits, awaitsConfirmation, waitsForTurn, now: now().getTime() };
}

/** A decision and its act, which may be run any number of times. A step also shows the values of its decision, for tests. */
export interface Step<K extends string> {
  kind: K;
  run(deps: Reconciler, signal: AbortSignal): Promise<StepResult>;
}

/** The result of a step: continue with the next one, or requeue: another pass after `millis` (undefined: when something changes). */
export type StepResult = { kind: 'continue' } | { kind: 'requeue'; millis: number | undefined };

export const continueNow: StepResult = { kind: 'continue' };
