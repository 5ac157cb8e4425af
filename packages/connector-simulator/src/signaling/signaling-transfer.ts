import type { TransferMode } from '../transfer-process.ts';
import type { EndpointAddress } from './endpoint-address.ts';

/** Whose control plane the simulator is. */
export type Side = 'provider' | 'consumer';

export type SignalingState =
  | 'INITIAL'
  | 'PREPARATION_REQUESTED'
  | 'REQUESTING'
  | 'REQUESTED'
  | 'STARTUP_REQUESTED'
  | 'STARTING'
  | 'STARTED'
  | 'SUSPENDING'
  | 'SUSPENDING_REQUESTED'
  | 'SUSPENDED'
  | 'RESUMING'
  | 'COMPLETING'
  | 'COMPLETING_REQUESTED'
  | 'COMPLETED'
  | 'TERMINATING'
  | 'TERMINATING_REQUESTED'
  | 'TERMINATED';

/** Sent to a data plane. */
export type SignalingMessage =
  'prepare' | 'start' | 'started' | 'suspend' | 'resume' | 'terminate' | 'completed';

/** Received from a data plane. */
export type Notification = 'prepared' | 'started' | 'completed' | 'errored';

/** State of the transfer that the counterparty got over the dataspace protocol. */
export interface CounterpartyView {
  readonly state: 'REQUESTED' | 'STARTED' | 'SUSPENDED' | 'COMPLETED' | 'TERMINATED';
  readonly reason?: string | undefined;
}

/** One transfer of one side. */
export interface SignalingTransfer {
  readonly id: string;
  readonly side: Side;
  readonly assetId: string;
  readonly mode: TransferMode;
  readonly transferType: string;
  readonly agreementId: string;
  readonly labels: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  state: SignalingState;
  errorDetail: string | undefined;
  readonly history: { readonly state: SignalingState; readonly at: number }[];
  /** The state machine works on it: callbacks and commands are refused. */
  leased: boolean;
  /** Saved with the answer to `prepare` or `start`; before that, callbacks are answered 500, and no `terminate` is sent. */
  dataPlaneId: string | undefined;
  /** Push: the consumer's sink. Pull: the provider's endpoint. */
  address: EndpointAddress | undefined;
  /** The address came in an answer of this side's data plane, not in a callback: a `resume` carries it. */
  ownsAddress: boolean;
  /** The address that the counterparty's data plane has. */
  disclosed: EndpointAddress | undefined;
  counterparty: CounterpartyView;
  /** Number of sent messages, repetitions included. */
  readonly sent: Record<SignalingMessage, number>;
  /** Number of callbacks that took effect or were refused. */
  readonly received: Record<Notification, number>;
  /** Texts of the `errored` callbacks. */
  readonly errors: string[];
  readonly counts: { terminate: number };
  /** The last message of each kind, for `repeat`. */
  readonly bodies: Map<SignalingMessage, string>;
}

export interface NewSignalingTransfer {
  readonly assetId: string;
  /** Default: pull. */
  readonly mode?: TransferMode;
  /** Default: `HttpData-PULL` or `HttpData-PUSH`. */
  readonly transferType?: string;
  readonly transferProcessId?: string;
  readonly agreementId?: string;
  readonly labels?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Default: the counterparty's id as `client_id`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The consumer's sink; a provider needs it for a push. */
  readonly dataAddress?: EndpointAddress | undefined;
}

export function newSignalingTransfer(
  { assetId, mode = 'pull', ...given }: NewSignalingTransfer,
  { side, counterPartyId }: { side: Side; counterPartyId: string },
  newId: () => string,
): SignalingTransfer {
  return {
    id: given.transferProcessId ?? newId(),
    side,
    assetId,
    mode,
    transferType: given.transferType ?? (mode === 'push' ? 'HttpData-PUSH' : 'HttpData-PULL'),
    agreementId: given.agreementId ?? newId(),
    labels: given.labels ?? [],
    metadata: given.metadata ?? {},
    claims: given.claims ?? { client_id: counterPartyId },
    state: 'INITIAL',
    errorDetail: undefined,
    history: [],
    leased: false,
    dataPlaneId: undefined,
    address: given.dataAddress,
    ownsAddress: false,
    disclosed: undefined,
    counterparty: { state: 'REQUESTED' },
    sent: { prepare: 0, start: 0, started: 0, suspend: 0, resume: 0, terminate: 0, completed: 0 },
    received: { prepared: 0, started: 0, completed: 0, errored: 0 },
    errors: [],
    counts: { terminate: 0 },
    bodies: new Map(),
  };
}

/** Whether the transfer stays in its state. */
export function isEnded({ state }: Pick<SignalingTransfer, 'state'>): boolean {
  return state === 'COMPLETED' || state === 'TERMINATED';
}
