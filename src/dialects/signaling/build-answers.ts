import type { DataFlowStatusMessage, DataFlowStatusResponseMessage } from './schemas.ts';
import type { State } from './states.ts';

export interface FlowStatus {
  /** Stays the same when a callback is sent again. */
  messageId: string;
  flow: string;
  state: Exclude<State, 'none'>;
  address?: DataFlowStatusMessage['dataAddress'];
  error?: string;
}

/** The answer to `prepare`, `start` and `resume`, and the body of a callback. Absent members are omitted: the schemas allow no null. */
export function buildStatusMessage({
  messageId,
  flow,
  state,
  address,
  error,
}: FlowStatus): DataFlowStatusMessage {
  return {
    messageId,
    dataFlowId: flow,
    state,
    ...(address === undefined ? {} : { dataAddress: address }),
    ...(error === undefined ? {} : { error }),
  };
}

export function buildStatusResponse(
  flow: string,
  state: Exclude<State, 'none'>,
): DataFlowStatusResponseMessage {
  return { dataFlowId: flow, state };
}
