import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../../../src/log.ts';
import type { Clock } from '../../../../src/clock.ts';
import { startLeaderLease, type LeaderLease } from '../../../../src/reconciler/leadership/leader-lease.ts';
import type { LeadershipTerm } from '../../../../src/reconciler/leadership/leadership-term.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { LeaseServer } from '../../../support/lease-server.ts';
import { seededRandom } from '../../../support/seeded-random.ts';

const leaseMillis = 3000;
/** What a write may take to the server and still arrive before another replica begins. */
const longestWayMillis = leaseMillis / 3;

/** A process that is stopped now and then: nothing in it happens meanwhile, and all that was due comes when it goes on. */
class StoppableProcess implements Clock {
  readonly #clock: FakeClock;
  #goesOnAt = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  stop(millis: number): void {
    this.#goesOnAt = this.#clock.monotonic() + millis;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  async sleep(millis: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(millis, signal);
    await this.continueNow();
  }

  async continueNow(): Promise<void> {
    const never = new AbortController().signal;
    while (this.monotonic() < this.#goesOnAt)
      await this.#clock.sleep(this.#goesOnAt - this.monotonic(), never);
  }
}

interface Stage {
  clock: FakeClock;
  server: LeaseServer;
  random: () => number;
  /** Who wrote, and whom the Lease named when the write arrived. */
  writes: { writer: string; holder: string | undefined }[];
  ending: AbortSignal;
}

/** Writes all the time while it leads, on a network that delays and loses what it likes. */
function startReplica(
  { clock, server, random, writes, ending }: Stage,
  identity: string,
): LeaderLease & { process: StoppableProcess } {
  const process = new StoppableProcess(clock);
  async function lead(term: LeadershipTerm): Promise<void> {
    while (!term.signal.aborted) {
      await process.sleep(random() * 300, term.signal);
      if (!mayWrite(term)) return;
      const arrival = clock.sleep(random() * longestWayMillis, ending);
      void arrival.then(() => writes.push({ writer: identity, holder: server.holder }));
    }
  }
  const leases = server.client(async (way, signal) => {
    await clock.sleep(random() < 0.05 ? 20_000 : random() * 100, signal);
    if (way === 'back') await process.continueNow();
    if (random() < 0.05) throw new Error('lost on its way');
  });
  const options = { leases, name: 'reconciler', identity, leaseSeconds: leaseMillis / 1000, lead };
  const log = createLogger('silent');
  return { ...startLeaderLease({ ...options, now: () => new Date(), clock: process, log }, ending), process };
}

function mayWrite(term: LeadershipTerm): boolean {
  try {
    term.check();
    return true;
  } catch {
    return false;
  }
}

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`what a leader writes arrives while the Lease names it, whatever stops processes and loses messages (seed ${seed})`, async () => {
    const [clock, server, random] = [new FakeClock(), new LeaseServer(), seededRandom(seed)];
    const end = new AbortController();
    const writes: Stage['writes'] = [];
    const stage = { clock, server, random, writes, ending: end.signal };
    const replicas = ['a', 'b', 'c'].map((identity) => startReplica(stage, identity));
    for (let second = 0; second < 300; second += 1) {
      await clock.advance(1000);
      for (const { process } of replicas) if (random() < 0.03) process.stop(random() * 3 * leaseMillis);
    }
    assert.deepEqual(
      writes.filter(({ writer, holder }) => writer !== holder),
      [],
    );
    assert.ok(new Set(writes.map(({ writer }) => writer)).size > 1, 'more than one of them led');
    assert.ok(writes.length > 500, `${writes.length} writes`);
    end.abort();
    await clock.advance(30_000);
    await Promise.all(replicas.map(({ ended }) => ended));
  });
}
