import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../../../src/log.ts';
import { startLeaderLease, type LeaderLease } from '../../../../src/reconciler/leadership/leader-lease.ts';
import type { LeadershipTerm } from '../../../../src/reconciler/leadership/leadership-term.ts';
import { startTestApi } from '../../../support/api-server.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { LeaseServer, type LeaseClient } from '../../../support/lease-server.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const leaseSeconds = 15;

interface Replica {
  lease: LeaderLease;
  /** Belongs to the current term. */
  term: LeadershipTerm | undefined;
  terms: number;
  end: AbortController;
}

interface Parts {
  leases: LeaseClient;
  clock?: FakeClock;
  seconds?: number;
  work?: () => Promise<void>;
  ready?: Promise<boolean>;
}

function startReplica(
  identity: string,
  { leases, clock, seconds = leaseSeconds, work, ready }: Parts,
): Replica {
  const end = new AbortController();
  const replica: Replica = {
    end,
    term: undefined,
    terms: 0,
    lease: { isLeader: () => false } as LeaderLease,
  };
  replica.lease = startLeaderLease(
    {
      leases,
      name: 'reconciler',
      identity,
      leaseSeconds: seconds,
      lead: async (term) => {
        replica.term = term;
        replica.terms += 1;
        await (work?.() ?? untilAborted(term.signal));
        replica.term = undefined;
      },
      now: () => new Date(),
      ...(clock === undefined ? {} : { clock }),
      ...(ready === undefined ? {} : { ready }),
      log: createLogger('silent'),
    },
    end.signal,
  );
  return replica;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => {
    resolve(undefined);
  });
  await promise;
}

/** A client that stops answering when it is told to: its requests hang until they are given up. */
function cuttable(server: LeaseServer): { leases: LeaseClient; cut: boolean } {
  const line = { cut: false, leases: server.client() };
  line.leases = server.client(async (_, signal) => {
    if (!line.cut) return;
    await untilAborted(signal);
    throw new Error('no route');
  });
  return line;
}

test('one of two replicas leads, and the other takes over at once when it ends', async () => {
  await using api = await startTestApi();
  const first = startReplica('first', { leases: api.cluster.leases, seconds: 1 });
  await waitUntil('the first to lead', () => first.term);
  const second = startReplica('second', { leases: api.cluster.leases, seconds: 1 });
  await waitUntil(
    'the second to have looked',
    async () =>
      (await api.cluster.leases.get('reconciler', AbortSignal.timeout(1000)))?.spec?.holderIdentity ===
      'first',
  );
  assert.equal(second.term, undefined);
  first.end.abort();
  await first.lease.ended;
  assert.equal(first.term, undefined);
  await waitUntil('the second to lead', () => second.term);
  second.end.abort();
  await second.lease.ended;
  const lease = await api.cluster.leases.get('reconciler', AbortSignal.timeout(1000));
  assert.equal(lease?.spec?.leaseTransitions, 1);
  assert.equal(lease.spec.holderIdentity, undefined);
});

test('a leader that renews leads on and on, and the other waits', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const first = startReplica('first', { leases: server.client(), clock });
  await clock.advance(1);
  const second = startReplica('second', { leases: server.client(), clock });
  await clock.advance(3600_000);
  assert.equal(first.terms, 1);
  assert.equal(second.terms, 0);
  assert.equal(server.lease?.spec?.leaseTransitions, 0);
  for (const { end } of [first, second]) end.abort();
  await Promise.all([first.lease.ended, second.lease.ended]);
});

test('a leader that cannot renew has stopped for a third of the Lease before another begins', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const line = cuttable(server);
  const first = startReplica('first', { leases: line.leases, clock });
  await clock.advance(1);
  const second = startReplica('second', { leases: server.client(), clock });
  await clock.advance(10_000);
  line.cut = true;
  await clock.advance(10_000);
  assert.equal(first.term, undefined, 'two thirds after the cut at the latest');
  assert.equal(first.lease.isLeader(), false);
  const stoppedAt = clock.monotonic();
  while (second.term === undefined) await clock.advance(10);
  assert.ok(clock.monotonic() - stoppedAt >= 2000, `${clock.monotonic() - stoppedAt} ms later`);
  for (const { end } of [first, second]) end.abort();
  await Promise.all([first.lease.ended, second.lease.ended]);
});

test('a renewal that hangs is given up in time for another one', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const line = cuttable(server);
  const replica = startReplica('first', { leases: line.leases, clock });
  await clock.advance(1);
  line.cut = true;
  await clock.advance(7000); // the renewal began at 3 s, and has five
  line.cut = false;
  await clock.advance(3600_000);
  assert.equal(replica.terms, 1);
  assert.equal(replica.lease.isLeader(), true);
  replica.end.abort();
  await replica.lease.ended;
});

test('a process that was stopped may not write when it goes on, even before its timers have fired', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const replica = startReplica('first', { leases: server.client(), clock });
  await clock.advance(1);
  const { term } = replica;
  assert.ok(term !== undefined);
  term.check();
  clock.jump(2 * leaseSeconds * 1000);
  assert.equal(replica.lease.isLeader(), false);
  assert.equal(term.signal.aborted, false);
  assert.throws(() => {
    term.check();
  }, /not renewed in time/);
  assert.equal(term.signal.aborted, true, 'and what is in flight is given up');
  replica.end.abort();
  await replica.lease.ended;
});

test('an answer that comes after its time makes nobody lead', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const written: boolean[] = [];
  const end = new AbortController();
  let stopped = false;
  const lease = startLeaderLease(
    {
      // The process is stopped after the API server took its Lease, for longer than that lasts.
      leases: server.client((way) => {
        if (way === 'back' && server.holder === 'first' && !stopped) {
          clock.jump(2 * leaseSeconds * 1000);
          stopped = true;
        }
        return Promise.resolve();
      }),
      name: 'reconciler',
      identity: 'first',
      leaseSeconds,
      lead: async (term) => {
        written.push(mayWrite(term));
        await untilAborted(term.signal);
      },
      now: () => new Date(),
      clock,
      log: createLogger('silent'),
    },
    end.signal,
  );
  await clock.advance(1);
  await clock.advance(20_000);
  assert.deepEqual(written, [false, true], 'the second term is a true one');
  end.abort();
  await lease.ended;
});

function mayWrite(term: LeadershipTerm): boolean {
  try {
    term.check();
    return true;
  } catch {
    return false;
  }
}

test('a leader whose Lease was taken stops with its next renewal', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const replica = startReplica('first', { leases: server.client(), clock });
  await clock.advance(1);
  server.write({ holderIdentity: 'somebody', leaseDurationSeconds: leaseSeconds });
  await clock.advance(4000);
  assert.equal(replica.term, undefined);
  assert.equal(server.holder, 'somebody');
  replica.end.abort();
  await replica.lease.ended;
});

test('a Lease that was deleted by hand is made again by its leader', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const replica = startReplica('first', { leases: server.client(), clock });
  await clock.advance(1);
  server.remove();
  await clock.advance(4000);
  assert.equal(server.holder, 'first');
  assert.equal(replica.terms, 1);
  replica.end.abort();
  await replica.lease.ended;
});

test('work that fails ends its term, and begins again after a pause', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const replica = startReplica('first', {
    leases: server.client(),
    clock,
    work: () => Promise.reject(new Error('broken')),
  });
  await clock.advance(60_000);
  assert.ok(replica.terms >= 2 && replica.terms <= 21, `${replica.terms} terms in a minute`);
  replica.end.abort();
  await replica.lease.ended;
});

test('a replica that starts again under its own name leads at once', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  server.write({ holderIdentity: 'me', leaseDurationSeconds: 3600 });
  const again = startReplica('me', { leases: server.client(), clock });
  await clock.advance(1);
  assert.equal(again.terms, 1);
  again.end.abort();
  await again.lease.ended;
});

test('work that does not end with its term keeps nobody from leading again, nor from stopping', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const line = cuttable(server);
  const stuck = startReplica('first', {
    leases: line.leases,
    clock,
    work: () => new Promise(() => undefined),
  });
  await clock.advance(1);
  line.cut = true;
  await clock.advance(leaseSeconds * 1000);
  assert.equal(stuck.lease.isLeader(), false);
  line.cut = false;
  await clock.advance(2 * leaseSeconds * 1000);
  assert.deepEqual([stuck.lease.isLeader(), stuck.terms], [true, 2]);

  stuck.end.abort();
  await clock.advance(leaseSeconds * 1000);
  await stuck.lease.ended;
  assert.equal(server.holder, 'first', 'what it has sent may still be on its way');
});

test('a request that is not given up when it should be keeps nobody from asking again', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  let hangs = true;
  const leases = server.client(() => (hangs ? new Promise(() => undefined) : Promise.resolve()));
  const replica = startReplica('first', { leases, clock });
  await clock.advance(leaseSeconds * 1000);
  hangs = false;
  await clock.advance(leaseSeconds * 1000);
  assert.equal(replica.lease.isLeader(), true);
  replica.end.abort();
  await replica.lease.ended;
});

test('a Lease that was released is taken within a tenth of its duration, and one that ran out at once', async () => {
  for (const renewals of [1, 2, 3, 4]) {
    const [clock, server] = [new FakeClock(), new LeaseServer()];
    server.write({ holderIdentity: 'another', leaseDurationSeconds: leaseSeconds });
    const replica = startReplica('me', { leases: server.client(), clock });
    // At odd times between two reads.
    for (let count = 0; count < renewals; count += 1) {
      await clock.advance(3100);
      server.write({ holderIdentity: 'another', leaseDurationSeconds: leaseSeconds });
    }
    const readFor = (leaseSeconds * 1000) / 10;
    await clock.advance(leaseSeconds * 1000);
    assert.equal(replica.terms, 0);
    await clock.advance(readFor + 5);
    assert.equal(replica.terms, 1, `after ${renewals} renewals`);

    replica.end.abort();
    await replica.lease.ended;
  }
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  server.write({ holderIdentity: 'another', leaseDurationSeconds: leaseSeconds });
  const replica = startReplica('me', { leases: server.client(), clock });
  await clock.advance(4000);
  server.write({ leaseDurationSeconds: leaseSeconds });
  await clock.advance((leaseSeconds * 1000) / 10);
  assert.equal(replica.terms, 1);
  replica.end.abort();
  await replica.lease.ended;
});

test('a replica that is not ready takes no Lease, knows who leads, and takes it at once when it is ready', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const ready = Promise.withResolvers<boolean>();
  const replica = startReplica('me', { leases: server.client(), clock, ready: ready.promise });
  await clock.advance(1);
  assert.equal(server.lease, undefined, 'none is made');
  server.write({ holderIdentity: 'another', leaseDurationSeconds: leaseSeconds });
  await clock.advance(10_000);
  assert.equal(replica.lease.leadership().leader, 'another');
  await clock.advance(10_000);
  assert.equal(server.holder, 'another', 'it ran out and is left to others');
  assert.equal(replica.lease.leadership().leader, 'none');
  ready.resolve(true);
  await clock.advance(0);
  await clock.advance(0);
  assert.deepEqual([replica.terms, server.holder], [1, 'me'], 'it was seen unchanged for long enough');
  replica.end.abort();
  await replica.lease.ended;
});

test('a replica that never gets ready ends when it is told to', async () => {
  const [clock, server] = [new FakeClock(), new LeaseServer()];
  const replica = startReplica('me', { leases: server.client(), clock, ready: new Promise(() => undefined) });
  await clock.advance(60_000);
  replica.end.abort();
  await replica.lease.ended;
  assert.equal(replica.terms, 0);
});
