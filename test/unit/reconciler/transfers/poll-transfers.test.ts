import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { pino } from 'pino';
import type { TransferPoll } from '../../../../src/reconciler/types.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import { rest } from '../../../../src/flow/flow-request.ts';
import {
  pollTransfersUntilAborted,
  type TransferPolling,
} from '../../../../src/reconciler/transfers/poll-transfers.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { aFlow, at } from '../../../support/flow-values.ts';

const answered: TransferPoll = { states: new Map() };
const down: TransferPoll = { states: new Map(), problem: 'ECONNREFUSED' };
const base = aFlow();

function flowOf(name: string, members: Partial<Flow> = {}): Flow {
  return aFlow({ name, ...members });
}

interface Started {
  clock: FakeClock;
  /** When each poll came, in seconds, and for which flows of which connector. */
  polls: { at: number; connector: string; flows: string[] }[];
  ended: string[];
  lines: string[];
}

/** The polls of some connectors, by a clock that the test advances; spread by nothing. */
function start(
  t: TestContext,
  options: Partial<TransferPolling> & { answer?: () => TransferPoll } = {},
): Started {
  const clock = new FakeClock();
  const started: Started = { clock, polls: [], ended: [], lines: [] };
  const { answer = () => answered, ...others } = options;
  const stopping = new AbortController();
  const running = pollTransfersUntilAborted(
    {
      connectors: {
        polled: ['provider'],
        poll: (connector, flows) => {
          started.polls.push({
            at: clock.monotonic() / 1000,
            connector,
            flows: flows.map(({ name }) => name),
          });
          return Promise.resolve(answer());
        },
      },
      seconds: 60,
      flows: () => [base],
      end: (flow, message) => {
        started.ended.push(`${flow.name}: ${message}`);
        return Promise.resolve();
      },
      clock,
      random: () => 0.5,
      log: pino({ base: null, timestamp: false }, { write: (line: string) => started.lines.push(line) }),
      ...others,
    },
    stopping.signal,
  );
  t.after(async () => {
    stopping.abort(new Error('the test is over'));
    await running;
  });
  return started;
}

test('a connector is asked once in the time that is set, for all of its flows at once', async (t) => {
  const flows = Array.from({ length: 300 }, (_, index) => flowOf(`flow-${index}`));
  const { clock, polls } = start(t, { flows: () => flows });
  await clock.advance(3600_000);
  assert.equal(polls.length, 60);
  assert.ok(polls.every((poll) => poll.flows.length === 300));
});

test('with 0 no connector is asked, and one that is not polled is left out', async (t) => {
  const off = start(t, { seconds: 0 });
  const none = start(t, { connectors: { polled: [], poll: () => assert.fail() } });
  await off.clock.advance(86_400_000);
  await none.clock.advance(86_400_000);
  assert.deepEqual([...off.polls, ...none.polls], []);
});

test('only flows under way are asked for, and only those of the connector', async (t) => {
  const cancel = { reason: 'cancelled-by-user', at: at(1) } as const;
  const outcome = { phase: 'failed', at: at(1), reason: 'worker-failed', message: 'm' } as const;
  const flows = [
    flowOf('flow-suspended', { suspended: true }),
    flowOf('flow-running', { suspended: false, startedAt: at(1) }),
    flowOf('flow-ended', { outcome }),
    flowOf('flow-cancelled', { cancel }),
    flowOf('flow-deprovisioned', { deprovisionAskedAt: at(1) }),
    flowOf('flow-deleted', { deletedAt: at(1) }),
    flowOf('flow-of-another', { request: { ...base.request, connector: 'other' } }),
    flowOf('flow-of-people', { request: { ...base.request, ...rest } }),
  ];
  const { clock, polls } = start(t, { flows: () => flows });
  await clock.advance(60_000);
  assert.deepEqual(polls, [{ at: 60, connector: 'provider', flows: ['flow-suspended', 'flow-running'] }]);
});

test('a connector without flows under way is not asked', async (t) => {
  const { clock, polls } = start(t, { flows: () => [] });
  await clock.advance(86_400_000);
  assert.deepEqual(polls, []);
});

test('a connector that does not answer is asked less and less often, as often as before once it does, and is logged once', async (t) => {
  let answer = down;
  const { clock, polls, lines, ended } = start(t, { answer: () => answer });
  await clock.advance(86_400_000);
  // After 1, 2, 4, 8 and 16 minutes, then every 16: 92 a day instead of 1,440.
  assert.deepEqual(
    polls.slice(0, 6).map((poll) => poll.at / 60),
    [1, 3, 7, 15, 31, 47],
  );
  assert.ok(polls.length < 95, `${polls.length} polls`);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /"level":40.*ECONNREFUSED/);
  answer = answered;
  await clock.advance(16 * 60_000);
  const before = polls.length;
  await clock.advance(600_000);
  assert.equal(polls.length, before + 10);
  assert.equal(lines.length, 2);
  assert.deepEqual(ended, []);
});

test('a poll that throws is one that failed', async (t) => {
  const { clock, polls, lines } = start(t, {
    answer: () => {
      throw new Error('not expected');
    },
  });
  await clock.advance(7 * 60_000);
  assert.deepEqual(
    polls.map((poll) => poll.at / 60),
    [1, 3, 7],
  );
  assert.equal(lines.length, 1);
});

test('a connector that hangs holds up no other', async (t) => {
  const polled: string[] = [];
  const flows = ['hanging', 'well'].map((connector) =>
    flowOf(`flow-${connector}`, { request: { ...base.request, connector } }),
  );
  const { clock } = start(t, {
    connectors: {
      polled: ['hanging', 'well'],
      poll: (connector, _flows, signal) => {
        polled.push(connector);
        if (connector === 'well') return Promise.resolve(answered);
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error);
          });
        });
      },
    },
    flows: () => flows,
  });
  await clock.advance(600_000);
  assert.equal(polled.filter((connector) => connector === 'well').length, 10);
  assert.equal(polled.filter((connector) => connector === 'hanging').length, 1);
});

test('a flow whose transfer has ended is cancelled, also when a later part of the poll failed; the others are not', async (t) => {
  const flows = ['flow-a', 'flow-b', 'flow-c'].map((name) => flowOf(name));
  const states: TransferPoll['states'] = new Map([
    ['flow-a', { is: 'open' }],
    ['flow-b', { is: 'ended', state: 'TERMINATED' }],
  ]);
  const { clock, ended } = start(t, {
    flows: () => flows,
    answer: () => ({ states, problem: 'answered 503' }),
  });
  await clock.advance(60_000);
  assert.deepEqual(ended, ['flow-b: The connector ended the transfer: its process is TERMINATED.']);
});

test('a flow that could not be cancelled is cancelled after the next poll, and keeps no other from it', async (t) => {
  const tried: string[] = [];
  const flows = ['flow-a', 'flow-b'].map((name) => flowOf(name));
  const states: TransferPoll['states'] = new Map(
    flows.map(({ name }) => [name, { is: 'ended', state: 'TERMINATED' }]),
  );
  const { clock } = start(t, {
    flows: () => flows,
    answer: () => ({ states }),
    end: ({ name }) => {
      tried.push(name);
      return name === 'flow-a' ? Promise.reject(new Error('the API server is down')) : Promise.resolve();
    },
  });
  await clock.advance(120_000);
  assert.deepEqual(tried, ['flow-a', 'flow-b', 'flow-a', 'flow-b']);
});

test('a connector that never knew a transfer which it sent is logged once, and harms no flow', async (t) => {
  const { clock, ended, lines } = start(t, {
    answer: () => ({ states: new Map([['flow-a', { is: 'missing' }]]) }),
  });
  await clock.advance(86_400_000);
  assert.deepEqual(ended, []);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /is the configured address/);
});
