import type { Config, Secrets } from '../config/config.ts';
import type { Flow } from '../flow/flow.ts';
import type { Attempt } from '../flow/attempt.ts';
import type { Job, Pod } from '../kubernetes/types.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Preparer } from '../cluster-objects/prepare-flow.ts';
import type { EventLook } from './observed/warning-events.ts';
import type { CallbackHold } from '../answer-first/callback-hold.ts';
import type { Connectors } from './types.ts';

/** What the steps are given. `world` is the informers' cache, with what our own writes answered put in at once. */
export interface Reconciler extends Preparer {
  config: Config;
  secrets: Secrets;
  callbackHold: CallbackHold;
  world: WorldCache;
  events: EventLook;
  connectors: Connectors;
  metrics: Metrics;
  log: Logger;
}

export type ReconcilerDependencies = Omit<Reconciler, 'world'>;

export interface WorldCache {
  flow(name: string): Flow | undefined;
  /** All that are not closed. */
  flows(): Iterable<Flow>;
  /** From the oldest to the newest. */
  attempts(flow: string): Attempt[];
  learnJob(job: Job): void;
  learnPod(pod: Pod): void;
  forgetPod(key: string): void;
}

/** How one step ended: go on at once with what is known now, or come back later (undefined: when something changes). */
export type StepResult = { then: 'continue' } | { then: 'wait'; millis: number | undefined };

export const goOn: StepResult = { then: 'continue' };
