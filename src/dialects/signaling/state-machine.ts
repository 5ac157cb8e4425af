import { checkAddress, handsOutAddress } from './address-rules.ts';
import {
  states,
  type Answer,
  type EventStep,
  type FlowAt,
  type FlowEvent,
  type FlowKind,
  type Message,
  type MessageStep,
  type State,
} from './states.ts';
import { eventCell, messageCell, type Refusal } from './transitions.ts';

export interface MessageInput {
  message: Message;
  hasAddress?: boolean;
  /**
   * The state that the first answer to this very message named, if there was one: EDC resends a message whose connection dropped, and gets
   * that answer again.
   */
  answered?: Exclude<State, 'none'> | undefined;
}

/** What a message of the control plane does and how it is answered. */
export function decideMessage(
  flow: FlowAt,
  { message, hasAddress = false, answered }: MessageInput,
): MessageStep {
  const { kind, state } = flow;
  // A repeat changes nothing, whatever happened to the flow since. A terminated flow no longer answers that it starts: its control plane
  // would wait for the callback.
  if (answered !== undefined && state !== 'none' && state !== 'TERMINATED')
    return { verdict: 'repeat', next: state, answer: answerTo(kind, message, answered), acts: [] };
  const cell = messageCell(flow, message);
  if (cell === 'repeat')
    return { verdict: 'repeat', next: state, answer: answerTo(kind, message, state), acts: [] };
  if (typeof cell === 'string') return refuse(cell, flow, message);
  const reason = checkAddress(kind, message, hasAddress);
  if (reason !== undefined) return { verdict: 'illegal', next: state, status: 400, reason };
  const next = cell.next === 'same' ? state : cell.next;
  return { verdict: 'legal', next, answer: answerTo(kind, message, next), acts: cell.acts };
}

/** What an event of the flow does and what the control plane is notified of. */
export function decideEvent(flow: FlowAt, event: FlowEvent): EventStep {
  const { kind, state } = flow;
  const cell = eventCell(flow, event);
  if (typeof cell === 'string') return { verdict: cell, next: state };
  const { acts, notify } = cell;
  const next = cell.next === 'same' ? state : cell.next;
  return { verdict: 'legal', next, acts, notify, address: handsOutAddress(kind, notify) };
}

/**
 * The synchronous form of `prepare` and `start`, for a flow that is ready before its message is answered: the answer says what the
 * callback would have said, and the callback is not sent (EDC would move its transfer back). What the message asks for is done by then.
 */
export function decideAtOnce(kind: FlowKind, input: MessageInput): MessageStep {
  const asked = decideMessage({ kind, state: 'none' }, input);
  if (asked.verdict !== 'legal') return asked;
  const ready = decideEvent(
    { kind, state: asked.next },
    input.message === 'start' ? 'results-ready' : 'receiver-ready',
  );
  if (ready.verdict !== 'legal') return asked;
  const answer = answerTo(kind, input.message, ready.next);
  return { ...asked, next: ready.next, answer, acts: ready.acts };
}

const bodies: Record<Message, Answer['body']> = {
  prepare: 'message',
  start: 'message',
  started: 'none',
  suspend: 'none',
  resume: 'message',
  terminate: 'none',
  completed: 'none',
  status: 'state',
};

/** An answer that says PREPARING or STARTING carries no address: EDC ignores it, and nothing is there yet. */
function answerTo(kind: FlowKind, message: Message, next: State): Answer {
  const body = bodies[message];
  if (body !== 'message') return { status: 200, body, address: false };
  const waits = next === 'PREPARING' || next === 'STARTING';
  return { status: waits ? 202 : 200, body, address: !waits && handsOutAddress(kind, message) };
}

/** The counterparty reads the reason (EDC passes the body on), so it names nothing but the protocol. */
function refuse(refusal: Refusal, { kind, state }: FlowAt, message: Message): MessageStep {
  const illegal = { verdict: 'illegal', next: state } as const;
  switch (refusal) {
    case 'unknown-flow':
      return { ...illegal, status: 404, reason: 'dataFlowId: expected the id of a data flow' };
    case 'existing-flow':
      return { ...illegal, status: 409, reason: 'processId: expected a new id, this one has a data flow' };
    case 'wrong-side':
      return { ...illegal, status: 400, reason: `${message}: expected a data flow of ${sides[message]}` };
    case 'wrong-state':
      return {
        ...illegal,
        status: 409,
        reason: `${message}: expected a data flow in ${sources(message, kind)}, this one is ${state}`,
      };
    default:
      return refusal satisfies never;
  }
}

const sides: Partial<Record<Message, string>> = {
  prepare: 'the consumer',
  start: 'the provider',
  started: 'the consumer',
  completed: 'a provider that is pulled from or a consumer that is pushed to',
};

/** The states that the message leads out of. */
function sources(message: Message, kind: FlowKind): string {
  return states.filter((state) => typeof messageCell({ kind, state }, message) === 'object').join(' or ');
}
