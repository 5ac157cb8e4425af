import type { DataAddress } from '../flow/outcome.ts';
import type { FlowRequest } from '../flow/flow-request.ts';

/** What the reconciler asks of connectors, whatever their dialects. */
export interface Connectors {
  /** Undefined: nobody waits for the outcome of such a flow. */
  rulesOf(request: FlowRequest): DeliveryRules | undefined;
  /** One attempt. Throws if the flow's connector is not configured any more. */
  deliver(delivery: MessageOfFlow, signal: AbortSignal): Promise<DeliveryAnswer>;
  /** Names of those that can say how their transfers stand. */
  polled: readonly string[];
  poll(connector: string, flows: readonly PolledFlow[], signal: AbortSignal): Promise<TransferPoll>;
}

/** How a dialect wants its messages handled. */
export interface DeliveryRules {
  /** Milliseconds for which a message is held back after the last request for its flow, so that it cannot overtake the answer. */
  holdMillis: number;
  /**
   * Whether an attempt of which nobody knows if it was taken, since its process died, is followed by another one. False where a repeat does
   * more harm than a message that is lost: the delivery is `abandoned`.
   */
  repeatsLostAttempt: boolean;
  /** What follows when the connector will never take the results: the failure is delivered in their place, or the delivery ends. */
  onRefusal: 'terminate' | 'end';
}

/** What is handed to a connector. Its dialect decides by which call. */
export type Message =
  | { kind: 'results'; address: DataAddress }
  /** The flow failed or was cancelled, or its results cannot be delivered. */
  | { kind: 'failure'; reason: string; message: string };

export interface MessageOfFlow {
  flow: string;
  request: FlowRequest;
  message: Message;
}

/** What a connector's answer to one delivery attempt means. */
export type DeliveryAnswer =
  /** It took it. */
  | { result: 'delivered'; status: number }
  /** Its process is past waiting for this: nothing is left to deliver. `ended`: nor is anything fetched any more. */
  | { result: 'obsolete'; state: string; ended: boolean; status: number }
  /** May work later; `slowly`: once the connector has started, or an operator has corrected something. */
  | { result: 'failed'; problem: string; slowly: boolean }
  /** Will never work. */
  | { result: 'rejected'; problem: string; status: number };

/** How the connector's own process of a flow stands. */
export type TransferState =
  /** It waits for what the flow brings. */
  | { is: 'waiting' }
  /** It has that. */
  | { is: 'started'; state: string }
  /** It is on its way from one to the other, or the connector does not say. */
  | { is: 'open' }
  /** It ended on the connector's side, or is about to: nothing can be delivered any more. */
  | { is: 'ended'; state: string }
  /** An answer that was whole does not name it. */
  | { is: 'missing' };

/** What one poll of a connector came to. */
export interface TransferPoll {
  /** By flow; one that stands in no answer that was got is not in it. */
  states: Map<string, TransferState>;
  /** Why the answer is not whole: one sentence without anything that the connector sent. */
  problem?: string;
}

export interface PolledFlow {
  name: string;
  request: FlowRequest;
}
