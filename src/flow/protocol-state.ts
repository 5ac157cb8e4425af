import type { FlowPlan } from './flow-plan.ts';
import type { Outcome } from './outcome.ts';

/**
 * Where a flow is in its dialect's own protocol, for dialects with one: its connector suspends, resumes and completes it by messages. A
 * message changes it on the Job under the Job's version; the reconciler changes it in the write that starts a delivery attempt.
 */
export interface ProtocolState {
  /** The dialect's name of the state. */
  state: string;
  /** The dialect's name of the flow's side and direction. */
  kind: string;
  /** The transfer profile, as the connector named it. */
  profile: string;
  access: ResultAccess;
  /** The results are sent to the flow's sink once they are announced; the end of that is delivered too. */
  pushes?: true;
  /** The answer to the request has announced the results: no message does it again. */
  announced?: true;
  /** The connector is called back when the flow can receive. */
  prepares?: true;
  /** Of a flow that receives: the data is fetched from the address in its Secret. */
  fetches?: true;
  /** Of a flow that receives: all data has been sent to its inbox, and becomes its results. */
  collects?: true;
  /** Of a flow that receives: nothing more arrives. */
  complete?: true;
  /** A message came that a connector sends only after it has taken the outcome or, of a flow that receives, its readiness. */
  acknowledged?: true;
  /** The messages that were answered, the latest one last: the same message gets the same answer. */
  answered: readonly AnsweredMessage[];
}

/** What decides whether and which results an address hands out. */
export interface ResultState {
  access: ResultAccess;
  /** Absent: there is none yet, or the Job is gone. */
  outcome?: Outcome | undefined;
  plan?: FlowPlan;
}

/** Whether the address of the results answers. `paused`: not now; `ended`: never again. */
export type ResultAccess = 'open' | 'paused' | 'ended';

export interface AnsweredMessage {
  /** The connector's id of the message. */
  id: string;
  message: string;
  /** The state that the answer named. */
  state: string;
}

/** A connector repeats its last message; the first one is kept beside these, since it created the flow. */
const answeredLimit = 8;

export function addAnswered(
  answered: readonly AnsweredMessage[],
  message: AnsweredMessage,
): readonly AnsweredMessage[] {
  const [first = message, ...later] = answered;
  return answered.length === 0 ? [first] : [first, ...[...later, message].slice(-answeredLimit)];
}
