import type { Agent } from 'node:http';
import type { Journal } from '../journal.ts';
import type { TransferStore } from '../transfer-store.ts';
import type { DataPlanes } from './data-planes.ts';
import type { ReleaseProfile } from './releases.ts';
import type { Side, SignalingMessage, SignalingState, SignalingTransfer } from './signaling-transfer.ts';

/** What all parts of the signaling simulator share. */
export interface SignalingContext {
  readonly profile: ReleaseProfile;
  readonly side: Side;
  readonly settings: SignalingSettings;
  readonly journal: Journal<SignalingMessage, SignalingState>;
  readonly store: TransferStore<SignalingTransfer>;
  readonly dataPlanes: DataPlanes;
  readonly agent: Agent;
  readonly controls: { callbackAddress: string; dropAnswers: number };
  /** Aborted by stop(): ends every wait and every connection. */
  readonly signal: AbortSignal;
}

export interface SignalingSettings {
  readonly participantId: string;
  readonly counterPartyId: string;
  readonly managementKey: string | undefined;
  readonly managementVersions: readonly string[];
  /** `Authorization` of the messages to data planes; undefined: none. It must not fail. */
  readonly authorization: (() => string | Promise<string>) | undefined;
  /** Whether a callback with this `Authorization` is accepted; others are answered 401. */
  readonly acceptsCallback: (authorization: string | undefined) => boolean;
  readonly iterationWaitMillis: number;
  /** For which a transfer stays STARTING and leased, while the counterparty gets the message. */
  readonly leaseMillis: number;
  readonly answerTimeoutMillis: number;
  /** Before each repetition after a lost connection; the first two come at once. Then the message has failed. */
  readonly retryDelaysMillis: readonly number[];
}
