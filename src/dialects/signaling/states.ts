/**
 * The states of a data flow; `none` is that of an id without a flow. The wire knows INITIALIZED too: no flow of this service stands in
 * it, since the message that creates one starts its work.
 */
export const states = [
  'none',
  'PREPARING',
  'PREPARED',
  'STARTING',
  'STARTED',
  'SUSPENDED',
  'COMPLETED',
  'TERMINATED',
] as const;
export type State = (typeof states)[number];

/** The side that this data plane serves and the direction of the profile; neither changes during a flow. */
export const flowKinds = ['provider-pull', 'provider-push', 'consumer-pull', 'consumer-push'] as const;
export type FlowKind = (typeof flowKinds)[number];

export const messages = [
  'prepare',
  'start',
  'started',
  'suspend',
  'resume',
  'terminate',
  'completed',
  'status',
] as const;
export type Message = (typeof messages)[number];

/**
 * `receiver-ready`: a consumer's flow can receive. `results-ready`: the Job of a provider's flow succeeded and its results are verified.
 * `transferred`: the side that moves the bytes (push: provider, pull: consumer) moved the last one. `failed`: finally, after all retries.
 */
export const events = ['receiver-ready', 'results-ready', 'transferred', 'failed'] as const;
export type FlowEvent = (typeof events)[number];

/** `release`: the transfer is over, so the address ends and the retention of the results starts. `pause` stops the bytes, never the Job. */
export type Act =
  'prepare-receiver' | 'start-job' | 'fetch' | 'push' | 'pause' | 'continue' | 'cancel' | 'release';
export type Notice = 'prepared' | 'started' | 'completed' | 'errored';

export interface Answer {
  /** 202 while the flow is PREPARING or STARTING. */
  status: 200 | 202;
  /** `message`: a DataFlowStatusMessage. `state`: a DataFlowStatusResponseMessage. */
  body: 'message' | 'state' | 'none';
  /** Whether the body carries this side's data address. */
  address: boolean;
}

export type MessageStep =
  | { verdict: 'legal' | 'repeat'; next: State; answer: Answer; acts: readonly Act[] }
  | { verdict: 'illegal'; next: State; status: 400 | 404 | 409; reason: string };

export type EventStep =
  | { verdict: 'legal'; next: State; acts: readonly Act[]; notify: Notice; address: boolean }
  /** `ignored`: it changes nothing any more. `postponed`: it has to be raised again after a resume. */
  | { verdict: 'ignored' | 'postponed'; next: State };

export interface FlowAt {
  kind: FlowKind;
  state: State;
}
