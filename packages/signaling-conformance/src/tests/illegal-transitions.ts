import type { ConformanceTest, Fixture, Step } from '../conformance-test.ts';
import { flowKinds, type FlowKind, type FlowMessage, type State } from '../protocol.ts';
import { awaitCallback, expectCallback } from '../steps/callbacks.ts';
import { create } from '../steps/create.ts';
import { reach, send } from '../steps/messages.ts';
import { refuseMessages } from '../steps/refusals.ts';

type Row = Partial<Record<State, readonly FlowMessage[]>>;

/** `started` is for consumers alone. `completed` is for the side that does not move the bytes: the provider of a pull, the consumer of a push. */
const illegal: Readonly<Record<FlowKind, Row>> = {
  'consumer-pull': {
    // It may become PREPARED at any time, so `started` may be legal.
    PREPARING: ['suspend', 'resume', 'completed'],
    PREPARED: ['suspend', 'resume', 'completed'],
    STARTED: ['resume', 'completed'],
    SUSPENDED: ['started', 'suspend', 'completed'],
    COMPLETED: ['started', 'suspend', 'resume'],
    TERMINATED: ['started', 'suspend', 'resume', 'completed'],
  },
  'consumer-push': {
    PREPARING: ['suspend', 'resume', 'completed'],
    PREPARED: ['suspend', 'resume', 'completed'],
    STARTED: ['resume'],
    SUSPENDED: ['started', 'suspend', 'completed'],
    COMPLETED: ['started', 'suspend', 'resume'],
    TERMINATED: ['started', 'suspend', 'resume', 'completed'],
  },
  'provider-pull': {
    STARTING: ['started', 'suspend', 'resume', 'completed'],
    STARTED: ['started', 'resume'],
    SUSPENDED: ['started', 'suspend', 'completed'],
    COMPLETED: ['started', 'suspend', 'resume'],
    TERMINATED: ['started', 'suspend', 'resume', 'completed'],
  },
  'provider-push': {
    STARTING: ['started', 'suspend', 'resume', 'completed'],
    STARTED: ['started', 'resume', 'completed'],
    SUSPENDED: ['started', 'suspend', 'completed'],
    COMPLETED: ['started', 'suspend', 'resume'],
    TERMINATED: ['started', 'suspend', 'resume', 'completed'],
  },
};

/** One test for each side, direction and state: no illegal message changes the state. Then a legal one ends the flow, from any state. */
export const illegalTransitions: readonly ConformanceTest[] = flowKinds.flatMap((kind) =>
  (Object.entries(illegal[kind]) as [State, readonly FlowMessage[]][]).map(([state, messages]) => ({
    id: `X_ILLEGAL:${shortName(kind)}-${state}`,
    tags: ['own'],
    title: `${kind} in ${state} refuses ${messages.join(', ')}`,
    kind,
    fixture: fixtureOf(kind, state),
    steps: [...stepsTo(kind, state), refuseMessages(messages), ...stepsFrom(state)],
  })),
);

/** `C_PULL`, as in the ids of the public kit. */
function shortName(kind: FlowKind): string {
  return `${kind.charAt(0)}_${kind.slice(kind.indexOf('-') + 1)}`.toUpperCase();
}

function fixtureOf(kind: FlowKind, state: State): Fixture {
  if (state === 'PREPARING') return 'async';
  if (state === 'STARTING') return 'slow';
  return state === 'COMPLETED' && movesBytes(kind) ? 'complete' : 'sync';
}

function movesBytes(kind: FlowKind): boolean {
  return kind === 'consumer-pull' || kind === 'provider-push';
}

function stepsTo(kind: FlowKind, state: State): readonly Step[] {
  if (state === 'PREPARING' || state === 'STARTING') return [create(state)];
  const created = kind.startsWith('consumer') ? [create('PREPARED')] : [create('STARTED')];
  if (state === 'PREPARED') return [...created, reach('PREPARED')];
  const started = kind.startsWith('consumer') ? [...created, send('started')] : created;
  return [...started, reach('STARTED'), ...stepsAfterStart(kind, state)];
}

function stepsAfterStart(kind: FlowKind, state: State): readonly Step[] {
  if (state === 'SUSPENDED') return [send('suspend'), reach('SUSPENDED')];
  if (state === 'TERMINATED') return [send('terminate'), reach('TERMINATED')];
  if (state !== 'COMPLETED') return [];
  return movesBytes(kind)
    ? [expectCallback('completed'), awaitCallback('completed'), reach('COMPLETED')]
    : [send('completed'), reach('COMPLETED')];
}

function stepsFrom(state: State): readonly Step[] {
  return state === 'COMPLETED' || state === 'TERMINATED' ? [] : [send('terminate'), reach('TERMINATED')];
}
