import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handsOutAddress } from '../../../../src/dialects/signaling/address-rules.ts';
import {
  decideAtOnce,
  decideEvent,
  decideMessage,
  type MessageInput,
} from '../../../../src/dialects/signaling/state-machine.ts';
import {
  events,
  flowKinds,
  messages,
  states,
  type EventStep,
  type FlowAt,
  type FlowKind,
  type Message,
  type MessageStep,
  type State,
} from '../../../../src/dialects/signaling/states.ts';

/**
 * Every cell, a row for a kind of flow and a state. Messages, in the order of `messages`: `>STATE` legal with an answer, `=` a repeat that
 * is answered like the first, else the status of the refusal. Events, in the order of `events`: `>STATE:notice`, `-` ignored, `?` postponed.
 */
const cells: Record<FlowKind, Record<State, string>> = {
  'provider-pull': {
    none: '400 >STARTING 404 404 404 404 404 404 | - - - -',
    PREPARING: '409 409 400 409 409 >TERMINATED 409 >PREPARING | >PREPARED:prepared - - >PREPARING:errored',
    PREPARED: '409 409 400 409 409 >TERMINATED 409 >PREPARED | - - - >PREPARED:errored',
    STARTING: '409 409 400 409 409 >TERMINATED 409 >STARTING | - >STARTED:started - >STARTING:errored',
    STARTED: '409 409 400 >SUSPENDED 409 >TERMINATED >COMPLETED >STARTED | - - - >STARTED:errored',
    SUSPENDED: '409 409 400 409 >STARTED >TERMINATED 409 >SUSPENDED | - - - >SUSPENDED:errored',
    COMPLETED: '409 409 400 409 409 = = >COMPLETED | - - - -',
    TERMINATED: '409 409 400 409 409 = 409 >TERMINATED | - - - -',
  },
  'provider-push': {
    none: '400 >STARTING 404 404 404 404 404 404 | - - - -',
    PREPARING: '409 409 400 409 409 >TERMINATED 400 >PREPARING | >PREPARED:prepared - - >PREPARING:errored',
    PREPARED: '409 409 400 409 409 >TERMINATED 400 >PREPARED | - - - >PREPARED:errored',
    STARTING: '409 409 400 409 409 >TERMINATED 400 >STARTING | - >STARTED:started - >STARTING:errored',
    STARTED:
      '409 409 400 >SUSPENDED 409 >TERMINATED 400 >STARTED | - - >COMPLETED:completed >STARTED:errored',
    SUSPENDED: '409 409 400 409 >STARTED >TERMINATED 400 >SUSPENDED | - - ? >SUSPENDED:errored',
    COMPLETED: '409 409 400 409 409 = = >COMPLETED | - - - -',
    TERMINATED: '409 409 400 409 409 = 400 >TERMINATED | - - - -',
  },
  'consumer-pull': {
    none: '>PREPARING 400 404 404 404 404 404 404 | - - - -',
    PREPARING: '409 409 409 409 409 >TERMINATED 400 >PREPARING | >PREPARED:prepared - - >PREPARING:errored',
    PREPARED: '409 409 >STARTED 409 409 >TERMINATED 400 >PREPARED | - - - >PREPARED:errored',
    STARTING: '409 409 >STARTED 409 409 >TERMINATED 400 >STARTING | - - - >STARTING:errored',
    STARTED: '409 409 = >SUSPENDED 409 >TERMINATED 400 >STARTED | - - >COMPLETED:completed >STARTED:errored',
    SUSPENDED: '409 409 409 409 >STARTED >TERMINATED 400 >SUSPENDED | - - ? >SUSPENDED:errored',
    COMPLETED: '409 409 409 409 409 = = >COMPLETED | - - - -',
    TERMINATED: '409 409 409 409 409 = 400 >TERMINATED | - - - -',
  },
  'consumer-push': {
    none: '>PREPARING 400 404 404 404 404 404 404 | - - - -',
    PREPARING: '409 409 409 409 409 >TERMINATED 409 >PREPARING | >PREPARED:prepared - - >PREPARING:errored',
    PREPARED: '409 409 >STARTED 409 409 >TERMINATED 409 >PREPARED | - - - >PREPARED:errored',
    STARTING: '409 409 >STARTED 409 409 >TERMINATED 409 >STARTING | - - - >STARTING:errored',
    STARTED: '409 409 = >SUSPENDED 409 >TERMINATED >COMPLETED >STARTED | - - - >STARTED:errored',
    SUSPENDED: '409 409 409 409 >STARTED >TERMINATED 409 >SUSPENDED | - - - >SUSPENDED:errored',
    COMPLETED: '409 409 409 409 409 = = >COMPLETED | - - - -',
    TERMINATED: '409 409 409 409 409 = 409 >TERMINATED | - - - -',
  },
};

/** Only a push may start with an address, and it must. */
function first(kind: FlowKind, message: Message): MessageInput {
  return { message, hasAddress: kind === 'provider-push' && message === 'start' };
}

const everyFlow: FlowAt[] = flowKinds.flatMap((kind) => states.map((state) => ({ kind, state })));

for (const flow of everyFlow) {
  test(`every cell: ${flow.kind} in ${flow.state}`, () => {
    const answers = messages.map((message) => {
      const step = decideMessage(flow, first(flow.kind, message));
      if (step.verdict === 'illegal') return String(step.status);
      return step.verdict === 'repeat' ? '=' : `>${step.next}`;
    });
    const moves = events.map((event) => {
      const step = decideEvent(flow, event);
      if (step.verdict === 'legal') return `>${step.next}:${step.notify}`;
      return step.verdict === 'ignored' ? '-' : '?';
    });
    assert.equal(`${answers.join(' ')} | ${moves.join(' ')}`, cells[flow.kind][flow.state]);
  });
}

test('a refusal changes no state, and its reason names the member or message and what was expected', () => {
  for (const flow of everyFlow)
    for (const message of messages) {
      const step = decideMessage(flow, first(flow.kind, message));
      if (step.verdict !== 'illegal') continue;
      assert.equal(step.next, flow.state);
      assert.match(step.reason, /^\w+: expected (?!.*undefined)\w/);
    }
  const suspended = decideMessage({ kind: 'provider-pull', state: 'STARTING' }, { message: 'suspend' });
  assert.equal(
    'reason' in suspended && suspended.reason,
    'suspend: expected a data flow in STARTED, this one is STARTING',
  );
});

test('a terminal state stays, without acts and callbacks', () => {
  for (const kind of flowKinds)
    for (const state of ['COMPLETED', 'TERMINATED'] as const) {
      for (const message of messages)
        for (const answered of [undefined, 'STARTED'] as const) {
          const step = decideMessage({ kind, state }, { ...first(kind, message), answered });
          assert.equal(step.next, state);
          if (step.verdict !== 'illegal') assert.deepEqual(step.acts, []);
        }
      for (const event of events)
        assert.deepEqual(decideEvent({ kind, state }, event), { verdict: 'ignored', next: state });
    }
});

test('a repeated message gets its first answer and acts on nothing in every state but TERMINATED', () => {
  for (const flow of everyFlow.filter(({ state }) => state !== 'none' && state !== 'TERMINATED'))
    for (const message of messages) {
      const step = decideMessage(flow, { message, answered: 'STARTING' });
      assert.equal(step.verdict, 'repeat');
      assert.deepEqual([step.next, 'acts' in step && step.acts], [flow.state, []]);
      const { status, address } = 'answer' in step ? step.answer : {};
      const says = ['prepare', 'start', 'resume'].includes(message) ? 202 : 200;
      assert.deepEqual([status, address], [says, false]);
    }
});

test('in TERMINATED a repeat is decided like a new message: no flow is said to start any more', () => {
  for (const kind of flowKinds)
    for (const message of messages) {
      const flow: FlowAt = { kind, state: 'TERMINATED' };
      assert.deepEqual(
        decideMessage(flow, { message, answered: 'STARTED' }),
        decideMessage(flow, { message }),
      );
    }
});

test('terminate without a messageId to compare answers the same each time', () => {
  for (const { kind, state } of everyFlow.filter((flow) => flow.state !== 'none')) {
    const once = decideMessage({ kind, state }, { message: 'terminate' });
    const twice = decideMessage({ kind, state: once.next }, { message: 'terminate' });
    assert.ok('answer' in once && 'answer' in twice);
    assert.deepEqual(twice.answer, once.answer);
    assert.deepEqual(once.answer, { status: 200, body: 'none', address: false });
  }
});

test('terminating cancels the work of every flow that has not ended', () => {
  for (const { kind, state } of everyFlow) {
    const step = decideMessage({ kind, state }, { message: 'terminate' });
    if (step.verdict === 'legal') assert.deepEqual(step.acts, ['cancel']);
  }
});

const asynchronous: Record<FlowKind, { states: State[]; acts: string[]; addresses: string[] }> = {
  'provider-pull': {
    states: ['STARTING', 'STARTED', 'SUSPENDED', 'STARTED', 'COMPLETED'],
    acts: ['start-job', 'pause', 'continue', 'release'],
    addresses: ['results-ready', 'resume'],
  },
  'provider-push': {
    states: ['STARTING', 'STARTED', 'SUSPENDED', 'STARTED', 'COMPLETED'],
    acts: ['start-job', 'push', 'pause', 'continue', 'release'],
    addresses: [],
  },
  'consumer-pull': {
    states: ['PREPARING', 'PREPARED', 'STARTED', 'SUSPENDED', 'STARTED', 'COMPLETED'],
    acts: ['prepare-receiver', 'fetch', 'pause', 'continue', 'release'],
    addresses: [],
  },
  'consumer-push': {
    states: ['PREPARING', 'PREPARED', 'STARTED', 'SUSPENDED', 'STARTED', 'COMPLETED'],
    acts: ['prepare-receiver', 'pause', 'continue', 'release'],
    addresses: ['receiver-ready', 'resume'],
  },
};

for (const kind of flowKinds) {
  test(`a whole ${kind}: what is done, and what carries the address of this side`, () => {
    const seen: { states: State[]; acts: string[]; addresses: string[] } = {
      states: [],
      acts: [],
      addresses: [],
    };
    let state: State = 'none';
    for (const input of wholeFlow(kind)) {
      const step: MessageStep | EventStep =
        'message' in input
          ? decideMessage({ kind, state }, input)
          : decideEvent({ kind, state }, input.event);
      assert.equal(step.verdict, 'legal');
      assert.ok('acts' in step);
      state = step.next;
      seen.states.push(state);
      seen.acts.push(...step.acts);
      const address = 'answer' in step ? step.answer.address : 'address' in step && step.address;
      if (address) seen.addresses.push('message' in input ? input.message : input.event);
    }
    assert.deepEqual(seen, asynchronous[kind]);
  });

  test(`no input leads a ${kind} into a state of the other side`, () => {
    const reached = new Set<State>(['none']);
    for (const state of reached) {
      for (const message of messages) reached.add(decideMessage({ kind, state }, first(kind, message)).next);
      for (const event of events) reached.add(decideEvent({ kind, state }, event).next);
    }
    const foreign = kind.startsWith('provider') ? ['PREPARING', 'PREPARED'] : ['STARTING'];
    assert.deepEqual([...reached].sort(), states.filter((state) => !foreign.includes(state)).sort());
  });
}

type Input = MessageInput | { event: (typeof events)[number] };

function wholeFlow(kind: FlowKind): Input[] {
  const beginning: Input[] = kind.startsWith('provider')
    ? [first(kind, 'start'), { event: 'results-ready' }]
    : [{ message: 'prepare' }, { event: 'receiver-ready' }, { message: 'started', hasAddress: true }];
  const moves = kind === 'provider-push' || kind === 'consumer-pull';
  const end: Input = moves ? { event: 'transferred' } : { message: 'completed' };
  return [...beginning, { message: 'suspend' }, { message: 'resume', hasAddress: true }, end];
}

test('an answer is 202 exactly while the flow is PREPARING or STARTING, and then carries no address', () => {
  for (const kind of flowKinds) {
    const message = kind.startsWith('provider') ? 'start' : 'prepare';
    const step = decideMessage({ kind, state: 'none' }, first(kind, message));
    assert.deepEqual('answer' in step && step.answer, { status: 202, body: 'message', address: false });
  }
});

test('a flow that is ready at once is answered in place of its callback', () => {
  const steps = flowKinds.map((kind) => {
    const message = kind.startsWith('provider') ? 'start' : 'prepare';
    const step = decideAtOnce(kind, first(kind, message));
    return 'answer' in step && [kind, step.next, step.answer.status, step.answer.address, step.acts];
  });
  assert.deepEqual(steps, [
    ['provider-pull', 'STARTED', 200, true, []],
    ['provider-push', 'STARTED', 200, false, ['push']],
    ['consumer-pull', 'PREPARED', 200, false, []],
    ['consumer-push', 'PREPARED', 200, true, []],
  ]);
  assert.equal(decideAtOnce('provider-pull', { message: 'start', hasAddress: true }).verdict, 'illegal');
});

test('an event that is repeated, or comes after another end, notifies nobody', () => {
  assert.equal(decideEvent({ kind: 'provider-pull', state: 'STARTED' }, 'results-ready').verdict, 'ignored');
  assert.equal(decideEvent({ kind: 'provider-push', state: 'COMPLETED' }, 'transferred').verdict, 'ignored');
  assert.equal(
    decideEvent({ kind: 'provider-pull', state: 'TERMINATED' }, 'results-ready').verdict,
    'ignored',
  );
  assert.equal(decideEvent({ kind: 'provider-pull', state: 'TERMINATED' }, 'failed').verdict, 'ignored');
});

test('a push that ends while suspended is completed after the resume', () => {
  const kind = 'provider-push';
  assert.equal(decideEvent({ kind, state: 'SUSPENDED' }, 'transferred').verdict, 'postponed');
  const { next } = decideMessage({ kind, state: 'SUSPENDED' }, { message: 'resume' });
  assert.equal(decideEvent({ kind, state: next }, 'transferred').next, 'COMPLETED');
});

const addressCases: [FlowKind, Message, State, boolean, number | 'taken'][] = [
  ['provider-pull', 'start', 'none', true, 400],
  ['provider-pull', 'start', 'none', false, 'taken'],
  ['provider-push', 'start', 'none', false, 400],
  ['provider-push', 'start', 'none', true, 'taken'],
  ['consumer-pull', 'started', 'PREPARED', false, 'taken'],
  ['consumer-push', 'started', 'PREPARED', true, 'taken'],
  ['provider-pull', 'resume', 'SUSPENDED', true, 'taken'],
  ['provider-push', 'resume', 'SUSPENDED', false, 'taken'],
];
for (const [kind, message, state, hasAddress, expected] of addressCases) {
  test(`${message} of a ${kind} ${hasAddress ? 'with' : 'without'} an address: ${expected}`, () => {
    const step = decideMessage({ kind, state }, { message, hasAddress });
    assert.equal(step.verdict === 'illegal' ? step.status : 'taken', expected);
    if (step.verdict === 'illegal') assert.match(step.reason, /^dataAddress: expected /);
  });
}

test('neither a pushing provider nor a pulling consumer ever hands out an address', () => {
  for (const kind of ['provider-push', 'consumer-pull'] as const)
    for (const by of [...messages, 'prepared', 'errored'] as const)
      assert.equal(handsOutAddress(kind, by), false);
});
