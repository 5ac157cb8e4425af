import type { FlowRequest } from '../flow/flow-request.ts';

/** How the connector's own process of a flow stands. */
export type TransferState =
  /** It can still take what the flow brings, as far as the connector says. */
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
