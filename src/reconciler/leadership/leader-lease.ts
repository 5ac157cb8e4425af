import { isServiceError } from '../../errors.ts';
import type { ResourceClient } from '../../kubernetes/resource-client.ts';
import type { Lease } from '../../kubernetes/types.ts';
import type { Logger } from '../../log.ts';
import { systemClock, type Clock } from '../../clock.ts';
import { renderLease, type LeaseHolding } from './render-lease.ts';
import { createLeaseMemory, type Leadership } from './describe-leadership.ts';
import { BoundedLeadershipTerm, type LeadershipTerm } from './leadership-term.ts';
import { untilAborted } from '../../until-aborted.ts';

export interface LeaderLeaseOptions extends LeaseHolding {
  leases: Pick<ResourceClient<Lease>, 'get' | 'create' | 'replace' | 'patch'>;
  /** The Lease is watched from the start, and taken only once this has resolved to true. Default: it may be taken at once. */
  ready?: Promise<boolean>;
  /** Runs while this replica leads, and ends soon after its term: it is waited for no longer than a Lease lasts. */
  lead: (term: LeadershipTerm) => Promise<void>;
  clock?: Clock;
  log: Logger;
}

export interface LeaderLease {
  isLeader(): boolean;
  /** From what this replica last saw of the Lease: nothing is asked. */
  leadership(): Leadership;
  /** Ends when the signal given to `startLeaderLease` aborts and the Lease is released. */
  ended: Promise<void>;
}

/**
 * One replica holds the Lease and reconciles. Another's Lease is taken only after it was seen unchanged for its whole duration on
 * our own monotonic clock (clocks of machines differ); a leader that could not renew for two thirds of it stops writing, so
 * that it has stopped, and what it sent has arrived, before another begins.
 */
export function startLeaderLease(options: LeaderLeaseOptions, signal: AbortSignal): LeaderLease {
  const holder = new LeaseHolder(options);
  return {
    isLeader: () => holder.leads,
    leadership: () => holder.leadership(),
    ended: holder.run(signal),
  };
}

/** Pauses, as fractions of the Lease's duration. */
const share = {
  /** Between two renewals, and after a term or a request that failed. */
  pause: 1 / 5,
  /** Between two reads of another's Lease: one that was released is free for no longer. */
  standBy: 1 / 10,
  /** After a renewal that failed. */
  shortPause: 1 / 30,
  /** For one renewal, so that there is time for a second one. */
  attempt: 1 / 3,
  /** A leader writes for this long after it asked for its last renewal. */
  term: 2 / 3,
};

type Holding = 'ours' | 'others' | 'unknown';

class LeaseHolder {
  private readonly options: LeaderLeaseOptions;
  private readonly clock: Clock;
  private readonly durationMillis: number;
  private term: BoundedLeadershipTerm | undefined;
  /** The Lease as the API server last answered it to a write of ours. */
  private held: Lease | undefined;
  /** Another's Lease as last seen, and when it may be taken if nobody writes it before. */
  private seen: { resourceVersion: string; staleAt: number } | undefined;
  /** Aborts when this replica may take the Lease. */
  private readonly ready = new AbortController();
  private readonly memory = createLeaseMemory();

  constructor(options: LeaderLeaseOptions) {
    this.options = options;
    this.clock = options.clock ?? systemClock;
    this.durationMillis = options.leaseSeconds * 1000;
    if (options.ready === undefined) this.ready.abort();
    else {
      void options.ready.then((ready) => {
        if (ready) this.ready.abort();
      });
    }
  }

  get leads(): boolean {
    return this.term?.isOver === false;
  }

  leadership(): Leadership {
    const { identity } = this.options;
    return this.memory.describe({ identity, leads: this.leads, monotonic: this.clock.monotonic() });
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const askedAt = this.clock.monotonic();
      const holding = await this.acquireInTime(this.durationMillis * share.attempt, signal);
      if (holding === 'ours') await this.leadFrom(askedAt, signal);
      if (holding === 'others') await this.standBy(signal);
      // After a term, too: work that fails at once must not make the replicas take turns without end.
      else await this.clock.sleep(this.durationMillis * share.pause, signal);
    }
  }

  /** Until the next read of the Lease: at the latest when it may be taken, or when this replica may take it. */
  private async standBy(signal: AbortSignal): Promise<void> {
    const pause = this.durationMillis * share.standBy;
    const untilStale = (this.seen?.staleAt ?? Infinity) - this.clock.monotonic();
    // A Lease that is stale and was not taken is waited for like any other.
    const millis = untilStale > 0 ? Math.min(pause, untilStale) : pause;
    const ready = this.ready.signal;
    await this.clock.sleep(millis, ready.aborted ? signal : AbortSignal.any([signal, ready]));
  }

  private async leadFrom(askedAt: number, signal: AbortSignal): Promise<void> {
    const { identity, lead, log } = this.options;
    const term = new BoundedLeadershipTerm(this.clock, this.stopBy(askedAt), signal);
    this.term = term;
    log.info({ identity }, 'this replica leads');
    const work = runToEnd(lead(term), term, log);
    await this.renewUntilOver(term);
    const ended = await this.endsInTime(work);
    this.term = undefined;
    if (!signal.aborted) log.warn({ reason: String(term.signal.reason) }, 'this replica lost the Lease');
    // Otherwise a write may still be on its way: the Lease runs out by itself.
    else if (ended) await this.release();
  }

  /** Work that hangs must not keep this replica from leading again, nor from stopping: nothing that it begins is written any more. */
  private async endsInTime(work: Promise<void>): Promise<boolean> {
    const done = new AbortController();
    const ended = await Promise.race([
      work.then(() => true),
      this.clock.sleep(this.durationMillis, done.signal).then(() => false),
    ]);
    done.abort();
    if (!ended) this.options.log.error({ millis: this.durationMillis }, 'work of a term did not end in time');
    return ended;
  }

  private stopBy(askedAt: number): number {
    return askedAt + this.durationMillis * share.term;
  }

  private async renewUntilOver(term: BoundedLeadershipTerm): Promise<void> {
    let pause = share.pause;
    while (!term.isOver) {
      await this.clock.sleep(Math.min(this.durationMillis * pause, term.remainingMillis), term.signal);
      const askedAt = this.clock.monotonic();
      const millis = Math.min(this.durationMillis * share.attempt, term.remainingMillis);
      const holding = await this.acquireInTime(millis, term.signal);
      if (holding === 'ours') term.extend(this.stopBy(askedAt));
      if (holding === 'others') term.end('another replica holds the Lease');
      pause = holding === 'ours' ? share.pause : share.shortPause;
    }
    term.end('the Lease was not renewed in time');
  }

  private async acquireInTime(millis: number, signal: AbortSignal): Promise<Holding> {
    const late = new AbortController();
    const done = new AbortController();
    const watch = this.clock.sleep(millis, AbortSignal.any([signal, done.signal])).then(() => {
      late.abort(new Error(`no answer within ${Math.round(millis)} ms`));
    });
    const bounded = AbortSignal.any([signal, late.signal]);
    try {
      const known = this.held;
      this.held = undefined; // only the answer to this write may be relied on, also if it fails
      this.held = await untilAborted(this.acquire(known, bounded), bounded);
      this.memory.succeed(this.held, this.clock.monotonic());
      return this.held === undefined ? 'others' : 'ours';
    } catch (error) {
      if (!signal.aborted && !isServiceError(error, 'cluster-conflict', 'cluster-exists')) {
        this.memory.fail(error, this.options.now());
        this.options.log.warn({ err: error }, 'the Lease could not be read or written');
      }
      return 'unknown';
    } finally {
      done.abort();
      await watch;
    }
  }

  /** The Lease as it was answered to a write of ours; undefined if another holds it. */
  private async acquire(known: Lease | undefined, signal: AbortSignal): Promise<Lease | undefined> {
    const { leases, name, identity } = this.options;
    if (known !== undefined) return await leases.replace(name, this.render(known), signal);
    const lease = await leases.get(name, signal);
    if (lease !== undefined) this.memory.see(lease, this.clock.monotonic());
    const free = lease === undefined || this.isFree(lease, identity);
    if (!free || !this.ready.signal.aborted) return undefined;
    if (lease === undefined) return await leases.create(this.render(undefined), signal);
    return await leases.replace(name, this.render(lease), signal);
  }

  private isFree(lease: Lease, identity: string): boolean {
    const holder = lease.spec?.holderIdentity ?? '';
    return holder === identity || holder === '' || this.isStale(lease);
  }

  private isStale(lease: Lease): boolean {
    const resourceVersion = lease.metadata?.resourceVersion ?? '';
    const now = this.clock.monotonic();
    if (this.seen?.resourceVersion !== resourceVersion) {
      const seconds = lease.spec?.leaseDurationSeconds ?? this.options.leaseSeconds;
      this.seen = { resourceVersion, staleAt: now + seconds * 1000 + 1 };
    }
    return now >= this.seen.staleAt;
  }

  private render(lease: Lease | undefined): Lease {
    return renderLease(lease, this.options);
  }

  /** So that another replica need not wait for the Lease to run out. */
  private async release(): Promise<void> {
    const bounded = AbortSignal.timeout(2000);
    this.held = undefined;
    try {
      await untilAborted(this.emptyLease(bounded), bounded);
    } catch (error) {
      this.options.log.debug({ err: error }, 'the Lease was not released');
    }
  }

  private async emptyLease(signal: AbortSignal): Promise<void> {
    const { leases, name, identity } = this.options;
    const lease = await leases.get(name, signal);
    if (lease?.spec?.holderIdentity !== identity) return;
    const { resourceVersion } = lease.metadata ?? {};
    // Taken away, not emptied: the API server refuses an empty holder.
    await leases.patch(name, { metadata: { resourceVersion }, spec: { holderIdentity: null } }, signal);
  }
}

/** Work that ends before its term ends the term. */
async function runToEnd(work: Promise<void>, term: BoundedLeadershipTerm, log: Logger): Promise<void> {
  try {
    await work;
  } catch (error) {
    log.error({ err: error }, 'leading ended with an error');
  }
  term.end('leading ended by itself');
}
