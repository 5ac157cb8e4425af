import type { Act, FlowAt, FlowEvent, FlowKind, Message, Notice, State } from './states.ts';

interface Move {
  next: State | 'same';
  acts: readonly Act[];
}
export type Refusal = 'unknown-flow' | 'existing-flow' | 'wrong-state' | 'wrong-side';
type MessageCell = Move | 'repeat' | Refusal;
type EventCell = (Move & { notify: Notice }) | 'ignored' | 'postponed';
type OfKind<Cell> = Cell | Readonly<Record<FlowKind, Cell>>;
type Row = Record<Message, OfKind<MessageCell>> & Record<FlowEvent, OfKind<EventCell>>;

function go(next: State | 'same', ...acts: Act[]): Move {
  return { next, acts };
}

function notify(notice: Notice, next: State | 'same', ...acts: Act[]): Move & { notify: Notice } {
  return { next, acts, notify: notice };
}

function bySide<Cell>(provider: Cell, consumer: Cell): Record<FlowKind, Cell> {
  return {
    'provider-pull': provider,
    'provider-push': provider,
    'consumer-pull': consumer,
    'consumer-push': consumer,
  };
}

/** A push is completed by its provider, a pull by its consumer; the control plane sends `completed` to the other side (§Push, §Pull). */
function byMover<Cell>(mover: Cell, other: Cell): Record<FlowKind, Cell> {
  return { 'provider-pull': other, 'provider-push': mover, 'consumer-pull': mover, 'consumer-push': other };
}

const answerStatus = go('same');
/** "Any state" may be terminated (§Data Flow State Machine): the Job is cancelled, and no callback follows. */
const terminate = go('TERMINATED', 'cancel');
/**
 * There is no FAILED state: `errored` carries the state unchanged, and the control plane decides to terminate (§Control Plane Endpoint).
 * The outcome of a flow is set once: no other event follows, only messages.
 */
const errored = notify('errored', 'same');

/**
 * What follows each message of the control plane and each event of the flow. Sections are those of `specifications/signaling.md` of Data
 * Plane Signaling v1.0-RC3; "EDC" is what EDC 0.18.0 was seen to do.
 *
 * Messages that come for the first time; `state-machine.ts` answers repeats. Providers never stand in PREPARING or PREPARED, nor consumers in
 * STARTING: those cells say what the state allows.
 */
const table: Record<State, Row> = {
  none: {
    prepare: bySide<MessageCell>('wrong-side', go('PREPARING', 'prepare-receiver')),
    start: bySide<MessageCell>(go('STARTING', 'start-job'), 'wrong-side'),
    started: 'unknown-flow',
    suspend: 'unknown-flow',
    resume: 'unknown-flow',
    terminate: 'unknown-flow',
    completed: 'unknown-flow',
    status: 'unknown-flow',
    'receiver-ready': 'ignored',
    'results-ready': 'ignored',
    transferred: 'ignored',
    failed: 'ignored',
  },
  PREPARING: {
    prepare: 'existing-flow',
    // A `start` for a processId that exists must be refused (§Data Flow API, start), whichever message created the flow.
    start: 'existing-flow',
    started: bySide<MessageCell>('wrong-side', 'wrong-state'),
    suspend: 'wrong-state',
    resume: 'wrong-state',
    terminate,
    completed: byMover<MessageCell>('wrong-side', 'wrong-state'),
    status: answerStatus,
    'receiver-ready': notify('prepared', 'PREPARED'),
    'results-ready': 'ignored',
    transferred: 'ignored',
    failed: errored,
  },
  PREPARED: {
    prepare: 'existing-flow',
    start: 'existing-flow',
    // The synchronous form, without STARTING. A push needs nothing more: its receiver takes data since it is prepared (§Push).
    started: {
      ...bySide<MessageCell>('wrong-side', go('STARTED')),
      'consumer-pull': go('STARTED', 'fetch'),
    },
    suspend: 'wrong-state',
    resume: 'wrong-state',
    terminate,
    completed: byMover<MessageCell>('wrong-side', 'wrong-state'),
    status: answerStatus,
    'receiver-ready': 'ignored',
    'results-ready': 'ignored',
    transferred: 'ignored',
    failed: errored,
  },
  STARTING: {
    prepare: 'existing-flow',
    start: 'existing-flow',
    started: bySide<MessageCell>('wrong-side', go('STARTED')),
    // The diagram has no such edge, and EDC does not suspend a transfer that it has asked to start.
    suspend: 'wrong-state',
    resume: 'wrong-state',
    terminate,
    completed: byMover<MessageCell>('wrong-side', 'wrong-state'),
    status: answerStatus,
    'receiver-ready': 'ignored',
    // The `started` of a push says that the upload starts (§Push).
    'results-ready': {
      ...bySide<EventCell>(notify('started', 'STARTED'), 'ignored'),
      'provider-push': notify('started', 'STARTED', 'push'),
    },
    transferred: 'ignored',
    failed: errored,
  },
  STARTED: {
    prepare: 'existing-flow',
    start: 'existing-flow',
    started: bySide<MessageCell>('wrong-side', 'repeat'),
    suspend: go('SUSPENDED', 'pause'),
    resume: 'wrong-state',
    terminate,
    completed: byMover<MessageCell>('wrong-side', go('COMPLETED', 'release')),
    status: answerStatus,
    'receiver-ready': 'ignored',
    'results-ready': 'ignored',
    transferred: byMover<EventCell>(notify('completed', 'COMPLETED', 'release'), 'ignored'),
    failed: errored,
  },
  SUSPENDED: {
    prepare: 'existing-flow',
    start: 'existing-flow',
    started: bySide<MessageCell>('wrong-side', 'wrong-state'),
    suspend: 'wrong-state',
    resume: go('STARTED', 'continue'),
    terminate,
    // The diagram has no such edge: a transfer whose last byte crossed the suspend is completed after the resume.
    completed: byMover<MessageCell>('wrong-side', 'wrong-state'),
    status: answerStatus,
    'receiver-ready': 'ignored',
    'results-ready': 'ignored',
    transferred: byMover<EventCell>('postponed', 'ignored'),
    failed: errored,
  },
  COMPLETED: {
    prepare: 'existing-flow',
    start: 'existing-flow',
    started: bySide<MessageCell>('wrong-side', 'wrong-state'),
    suspend: 'wrong-state',
    resume: 'wrong-state',
    // It changes nothing, as §Data Flow State Machine wants. After a 4xx EDC would not notify the counterparty of the termination.
    terminate: 'repeat',
    completed: 'repeat',
    status: answerStatus,
    'receiver-ready': 'ignored',
    'results-ready': 'ignored',
    transferred: 'ignored',
    failed: 'ignored',
  },
  TERMINATED: {
    prepare: 'existing-flow',
    start: 'existing-flow',
    started: bySide<MessageCell>('wrong-side', 'wrong-state'),
    suspend: 'wrong-state',
    resume: 'wrong-state',
    terminate: 'repeat',
    completed: byMover<MessageCell>('wrong-side', 'wrong-state'),
    status: answerStatus,
    // A Job that ends now is reported to nobody: EDC answers a late `started` with 500.
    'receiver-ready': 'ignored',
    'results-ready': 'ignored',
    transferred: 'ignored',
    failed: 'ignored',
  },
};

export function messageCell({ kind, state }: FlowAt, message: Message): MessageCell {
  return ofKind(table[state][message], kind);
}

export function eventCell({ kind, state }: FlowAt, event: FlowEvent): EventCell {
  return ofKind(table[state][event], kind);
}

function ofKind<Cell extends object | string>(entry: OfKind<Cell>, kind: FlowKind): Cell {
  return typeof entry === 'object' && kind in entry
    ? (entry as Record<FlowKind, Cell>)[kind]
    : (entry as Cell);
}
