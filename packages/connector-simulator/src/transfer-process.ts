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

/** What a callback has added: a second callback adds a second one, and each is deprovisioned. */
export interface ProvisionedResource {
  readonly resourceDefinitionId: string;
  readonly addressType: string;
  deprovisioned: boolean;
}

/** What the counterparty has been told over the dataspace protocol. */
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
  /** Nothing follows: releases before 0.12 leave what the consumer has terminated as it is. */
  resting: boolean;
  /** Milliseconds since the simulator's start at which the last provision request was answered. */
  answeredAt: number | undefined;
  readonly counts: {
    provision: number;
    deprovision: number;
    callback: number;
    /** Confirmations of a deprovision, to a data plane. */
    confirm: number;
    terminate: number;
    source: number;
  };
  readonly resources: ProvisionedResource[];
  /** Where the data plane reads; the asset's own address as long as there is none. */
  contentAddress: DataAddress | undefined;
  consumer: ConsumerView;
  /** Undefined where the control plane provisions. */
  dataFlow: DataFlowState | undefined;
  /** Requests of a data plane that were not accepted, in a row. */
  requestFailures: number;
  /** Milliseconds since the simulator's start before which the next one is not sent. */
  notBefore: number;
  /** Callbacks that moved a flow back which had gone on. */
  rewinds: number;
  /** One of them has not held up the others yet. */
  rewound: boolean;
  /** The provisioned address, if the consumer was sent it. */
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
    resting: false,
    answeredAt: undefined,
    counts: { provision: 0, deprovision: 0, callback: 0, confirm: 0, terminate: 0, source: 0 },
    resources: [],
    contentAddress: undefined,
    consumer: { state: 'REQUESTED' },
    dataFlow: undefined,
    requestFailures: 0,
    notBefore: 0,
    rewinds: 0,
    rewound: false,
    disclosed: undefined,
  };
}

/** The states in which a callback or a termination still changes something. */
export function isProvisionable(state: TransferState): boolean {
  return ['INITIAL', 'PROVISIONING', 'PROVISIONING_REQUESTED', 'PROVISIONED'].includes(state);
}

export function isTerminable(state: TransferState): boolean {
  return isProvisionable(state) || ['STARTUP_REQUESTED', 'STARTING', 'STARTED'].includes(state);
}

export function isProvisioned(process: TransferProcess): boolean {
  return process.resources.some((one) => one.resourceDefinitionId === process.resourceDefinitionId);
}
