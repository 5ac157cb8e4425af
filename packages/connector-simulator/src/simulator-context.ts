import type { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataAddress } from './data-address.ts';
import type { Vault } from './secrets-endpoint.ts';
import type { Journal } from './journal.ts';
import type { TransferStore } from './transfer-store.ts';
import type { EntryType, VersionProfile } from './versions.ts';

/** What all parts of the simulator share. */
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
  /** Expected by callbacks of a data plane; undefined: none. Callbacks of a control plane need the management key. */
  readonly callbackKey: string | undefined;
  /** Default: those of the release. */
  readonly managementVersions: readonly string[];
  readonly entryType: EntryType;
  readonly iterationWaitMillis: number;
  /** From the answer to a request until the new state is saved. A callback in between is overtaken. */
  readonly saveDelayMillis: number;
  readonly answerTimeoutMillis: number;
  /** Between two requests after a 500–504, which the connector repeats without limit. */
  readonly hotLoopGapMillis: number;
  /** Before each repetition after a lost connection; then the state machine starts the step again. */
  readonly retryDelaysMillis: readonly number[];
  /** First pause of a data plane after an answer that is not a 2xx; it doubles with each repetition. */
  readonly requestRetryMillis: number;
  readonly sinkFolder: string;
  /** Secrets that the management API writes and the data plane reads. Default: the connector lacks the module `secrets-api`. */
  readonly vault: Vault | undefined;
  /** Source of S3 of the data plane: opens the objects of an address with the secret that its `keyName` names. Default: there is none. */
  readonly openS3: ((address: DataAddress, secret: string | undefined) => Promise<Readable>) | undefined;
}

export interface SimulatorControls {
  provisionUrl: string;
  /** Set once the listener has its port. */
  callbackAddress: string;
  /** Number of answers still to drop with their connection. */
  dropAnswers: number;
}

/** Waits, or returns early when the simulator stops. */
export async function pause({ signal }: Pick<SimulatorContext, 'signal'>, millis: number): Promise<void> {
  await delay(millis, undefined, { signal }).catch(() => undefined);
}
