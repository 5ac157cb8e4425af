import type { DataAddress } from './data-address.ts';

export type TransferState =
  | 'INITIAL'
  | 'PROVISIONING'
  | 'PROVISIONING_REQUESTED'
  | 'PROVISIONED'
  | 'STARTUP_REQUESTED'
  | 'STARTING'
  | 'STARTED'
  | 'COMPLETED'
  | 'TERMINATING'
  | 'TERMINATING_REQUESTED'
  | 'TERMINATED'
  | 'DEPROVISIONING'
  | 'DEPROVISIONING_REQUESTED'
  | 'DEPROVISIONED';

/** State of a flow in a data plane that provisions. */
export type DataFlowState =
  | 'PROVISIONING'
  | 'PROVISION_REQUESTED'
  | 'PROVISION_NOTIFYING'
  | 'STARTED'
  | 'DEPROVISIONING'
  | 'DEPROVISION_REQUESTED'
  | 'DEPROVISIONED';

export type TransferMode = 'push' | 'pull';

/** Added by a callback. A second callback adds a second one, and each is deprovisioned. */
export interface ProvisionedResource {
  readonly resourceDefinitionId: string;
  readonly addressType: string;
  deprovisioned: boolean;
}

/** State that the counterparty got over the dataspace protocol. */
export type ConsumerView =
  { state: 'REQUESTED' | 'STARTED' | 'COMPLETED' } | { state: 'TERMINATED'; reason: string | undefined };

/** One transfer on the provider's side. */
export interface TransferProcess {
  readonly id: string;
  readonly resourceDefinitionId: string;
  readonly assetId: string;
  readonly mode: TransferMode;
  readonly assignee: string;
  state: TransferState;
  errorDetail: string | undefined;
  readonly history: { readonly state: TransferState; readonly at: number }[];
  /** A callback came before the process was saved as PROVISIONING_REQUESTED: its address is lost. */
  overtaken: boolean;
  /** The state machine holds a copy of this process while it sends the provision request. */
  inFlight: boolean;
  /** The state machine leaves it as it is. Releases before 0.12 do so after a termination by the consumer. */
  final: boolean;
  /** Milliseconds since the simulator's start at which the last provision request was answered. */
  answeredAt: number | undefined;
  readonly counts: {
    provision: number;
    deprovision: number;
    callback: number;
    /** Confirmations of a deprovision that a data plane got. */
    confirm: number;
    terminate: number;
    source: number;
  };
  readonly resources: ProvisionedResource[];
  /** Address of the data; undefined: the asset's own. */
  contentAddress: DataAddress | undefined;
  consumer: ConsumerView;
  /** Undefined where the control plane provisions. */
  dataFlow: DataFlowState | undefined;
  /** Requests of a data plane that were not accepted, in a row. */
  requestFailures: number;
  /** Milliseconds since the simulator's start before which the next one is not sent. */
  notBefore: number;
  /** Number of callbacks that moved the flow back. */
  rewinds: number;
  /** A callback moved the flow back, and the stall that follows is still to come. */
  stallPending: boolean;
  /** The provisioned address, if the consumer got it. */
  disclosed: DataAddress | undefined;
}

export interface NewTransfer {
  readonly assetId: string;
  readonly mode?: TransferMode;
  readonly transferProcessId?: string;
  readonly resourceDefinitionId?: string;
  readonly assignee?: string;
}

export function newTransferProcess(transfer: NewTransfer, newId: () => string): TransferProcess {
  return {
    id: transfer.transferProcessId ?? newId(),
    resourceDefinitionId: transfer.resourceDefinitionId ?? newId(),
    assetId: transfer.assetId,
    mode: transfer.mode ?? 'push',
    assignee: transfer.assignee ?? 'consumer',
    state: 'INITIAL',
    errorDetail: undefined,
    history: [],
    overtaken: false,
    inFlight: false,
    final: false,
    answeredAt: undefined,
    counts: { provision: 0, deprovision: 0, callback: 0, confirm: 0, terminate: 0, source: 0 },
    resources: [],
    contentAddress: undefined,
    consumer: { state: 'REQUESTED' },
    dataFlow: undefined,
    requestFailures: 0,
    notBefore: 0,
    rewinds: 0,
    stallPending: false,
    disclosed: undefined,
  };
}

/** Whether a callback still changes something. */
export function isProvisionable(state: TransferState): boolean {
  return ['INITIAL', 'PROVISIONING', 'PROVISIONING_REQUESTED', 'PROVISIONED'].includes(state);
}

export function isTerminable(state: TransferState): boolean {
  return isProvisionable(state) || ['STARTUP_REQUESTED', 'STARTING', 'STARTED'].includes(state);
}

/** Whether the process stays in its state. */
export function isOver({ state, final }: TransferProcess): boolean {
  return state === 'DEPROVISIONED' || state === 'DEPROVISIONING_REQUESTED' || final;
}

export function isProvisioned(process: TransferProcess): boolean {
  return process.resources.some((one) => one.resourceDefinitionId === process.resourceDefinitionId);
}
