import type { DataAddress, InboxAddress } from '../flow/outcome.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { ProtocolState } from '../flow/protocol-state.ts';

/** The reconciler's view of connectors of any dialect. */
export interface Connectors {
  /** Undefined: the outcome of such a flow is not delivered. */
  rulesOf(request: FlowRequest): DeliveryRules | undefined;
  /** One attempt. Throws if the flow's connector is no longer configured. */
  deliver(delivery: MessageOfFlow, signal: AbortSignal): Promise<DeliveryAnswer>;
  /** Names of the connectors whose transfers can be polled. */
  polled: readonly string[];
  poll(connector: string, flows: readonly PolledFlow[], signal: AbortSignal): Promise<TransferPoll>;
}

/** How a dialect wants its messages handled. */
export interface DeliveryRules {
  /** Milliseconds between the last request for a flow and its callback, so that the callback cannot overtake the answer. */
  holdMillis: number;
  /**
   * After an attempt with an unknown result, since its process died or its answer was lost. `repeat` makes another attempt. Where a repeat
   * does more harm than a lost message, the connector is asked for the state of its transfer, this long after the attempt
   * started. A connector that cannot be asked is sent nothing more.
   */
  lostAttempt: 'repeat' | { askAfterMillis: number };
  /**
   * If the connector refuses the results for good, or did not take them in time: `terminate` delivers the failure in their place, `end`
   * ends the delivery.
   */
  onRefusal: 'terminate' | 'end';
  /** Whether the connector waits for the confirmation that deprovisioned results are deleted. */
  confirmsDeprovision: boolean;
  /** Least time between the delivery of the outcome and that of a push's end. Default: none. */
  completionGapMillis?: number;
  /**
   * For a dialect with a protocol of its own: the state from the start of an attempt at this message on. It is saved with the attempt,
   * before the message is sent.
   */
  advance?(protocol: ProtocolState, message: Message): ProtocolState;
}

/** One message to a connector. Its dialect decides by which call it is sent. */
export type Message =
  | { kind: 'results'; address: DataAddress }
  /** The flow failed or was cancelled, or its results cannot be delivered. */
  | { kind: 'failure'; reason: string; message: string }
  /** The results are deleted, as the connector has asked. */
  | { kind: 'deprovisioned' }
  /** The flow can receive data; `inbox` is where it is sent if it is not fetched. */
  | { kind: 'prepared'; inbox: InboxAddress }
  /** The transfer has all bytes where they belong: in the connector's sink or, for a flow that receives, in the bucket. */
  | { kind: 'transferred' };

export interface MessageOfFlow {
  flow: string;
  request: FlowRequest;
  message: Message;
  /** For dialects with a protocol of their own. */
  protocol?: ProtocolState | undefined;
  /** The results were announced before, and the answer was lost. */
  mayBeTaken?: boolean;
}

/** The meaning of a connector's answer to one delivery attempt. */
export type DeliveryAnswer =
  /** It took it. */
  | { result: 'delivered'; status: number }
  /** Its process does not wait for this any more. `ended`: it fetches nothing any more either. */
  | { result: 'obsolete'; state: string; ended: boolean; status: number }
  /** May work later. `slowly`: not before the connector has started, or an operator has corrected something. */
  | { result: 'failed'; problem: string; slowly: boolean }
  /** It may have been taken, or not. */
  | { result: 'unknown'; problem: string }
  /** Will never work. */
  | { result: 'rejected'; problem: string; status: number };

/** The state of the connector's own process of a flow. */
export type TransferState =
  /** It waits for the outcome. */
  | { is: 'waiting' }
  /** It has that. */
  | { is: 'started'; state: string }
  /** It is on its way from one to the other, or the connector does not say. */
  | { is: 'open' }
  /** It has ended on the connector's side, or is ending: nothing can be delivered any more. */
  | { is: 'ended'; state: string }
  /** A complete answer does not name it. */
  | { is: 'missing' };

/** The result of one poll of a connector. */
export interface TransferPoll {
  /** By flow. A flow is absent if no answer covers it. */
  states: Map<string, TransferState>;
  /** Why the answer is incomplete: one sentence without anything that the connector sent. */
  problem?: string;
}

export interface PolledFlow {
  name: string;
  request: FlowRequest;
}
