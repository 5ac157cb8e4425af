import type { Agent } from 'node:http';
import type { Journal } from './journal.ts';
import type { TransferStore } from './transfer-store.ts';
import type { EntryType, VersionProfile } from './versions.ts';

/** What every part of the simulator works with. */
export interface SimulatorContext {
  readonly profile: VersionProfile;
  readonly settings: SimulatorSettings;
  readonly journal: Journal;
  readonly store: TransferStore;
  readonly agent: Agent;
  readonly controls: SimulatorControls;
  /** Aborted by stop(): ends every wait and every connection. */
  readonly signal: AbortSignal;
}

export interface SimulatorSettings {
  readonly managementKey: string | undefined;
  /** Key for callbacks to a data plane, which asks for none unless it is set; callbacks to a control plane need the management key. */
  readonly callbackKey: string | undefined;
  /** Those of its release, unless a test wants others. */
  readonly managementVersions: readonly string[];
  readonly entryType: EntryType;
  readonly iterationWaitMillis: number;
  readonly settleMillis: number;
  readonly answerTimeoutMillis: number;
  /** Between two requests of the endless repetition after a 500–504. */
  readonly hotLoopGapMillis: number;
  /** Before each repetition after a lost connection; then the state machine begins again. */
  readonly retryDelaysMillis: readonly number[];
  /** Doubled before each repetition of a request that a data plane was not answered with a 2xx. */
  readonly requestRetryMillis: number;
  readonly sinkFolder: string;
}

export interface SimulatorControls {
  provisionUrl: string;
  /** Set once the listener has its port. */
  callbackAddress: string;
  /** How many of the next answers are thrown away with their connection. */
  dropAnswers: number;
}
