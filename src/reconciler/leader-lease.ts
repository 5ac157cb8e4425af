import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError } from '../errors.ts';
import type { ResourceClient } from '../kubernetes/resource-client.ts';
import type { Lease } from '../kubernetes/types.ts';
import type { Logger } from '../log.ts';

export interface LeaderLeaseOptions {
  leases: ResourceClient<Lease>;
  name: string;
  identity: string;
  leaseSeconds: number;
  /** Runs while this replica leads; its signal aborts when it no longer may write. */
  lead: (signal: AbortSignal) => Promise<void>;
  now: () => Date;
  log: Logger;
}

export interface LeaderLease {
  isLeader(): boolean;
  /** Ends when the signal given to `startLeaderLease` aborts and the Lease is released. */
  ended: Promise<void>;
}

/**
 * One replica holds the Lease and reconciles. Another's Lease is taken only after it was seen unchanged for its whole duration on
 * our own monotonic clock (clocks of machines differ); a leader that could not renew for two thirds of it stops writing, so
 * that it has stopped before another begins.
 */
export function startLeaderLease(options: LeaderLeaseOptions, signal: AbortSignal): LeaderLease {
  const holder = new LeaseHolder(options);
  return { isLeader: () => holder.leading, ended: holder.run(signal) };
}

class LeaseHolder {
  leading = false;
  private readonly options: LeaderLeaseOptions;
  /** The Lease as last seen, and when it was first seen so. */
  private seen: { resourceVersion: string; since: number } | undefined;

  constructor(options: LeaderLeaseOptions) {
    this.options = options;
  }

  private get durationMillis(): number {
    return this.options.leaseSeconds * 1000;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const acquiredAt = performance.now();
      if (await this.tryAcquire(signal)) await this.leadUntilLost(acquiredAt, signal);
      else await pause(this.durationMillis / 5, signal);
    }
  }

  private async leadUntilLost(acquiredAt: number, signal: AbortSignal): Promise<void> {
    const lost = new AbortController();
    this.leading = true;
    this.options.log.info({ identity: this.options.identity }, 'This replica leads.');
    const work = this.options.lead(AbortSignal.any([signal, lost.signal]));
    await this.renewUntilLost(acquiredAt, signal);
    this.leading = false;
    lost.abort(new Error('the Lease was lost'));
    await work.catch((error: unknown) => {
      this.options.log.error({ err: error }, 'Leading ended with an error.');
    });
    if (signal.aborted) await this.release();
    else this.options.log.warn('This replica lost the Lease.');
  }

  private async renewUntilLost(acquiredAt: number, signal: AbortSignal): Promise<void> {
    let renewedAt = acquiredAt;
    while (!signal.aborted) {
      await pause(this.durationMillis / 5, signal);
      const stopBy = renewedAt + (this.durationMillis * 2) / 3;
      const startedAt = performance.now();
      if (startedAt >= stopBy) return;
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(stopBy - startedAt))]);
      const renewed = await this.tryAcquire(bounded);
      if (renewed) renewedAt = startedAt;
      else if (this.heldByOther) return;
    }
  }

  private heldByOther = false;

  /** True if the Lease is ours afterwards. */
  private async tryAcquire(signal: AbortSignal): Promise<boolean> {
    const { leases, name, identity, log } = this.options;
    try {
      const lease = await leases.get(name, signal);
      this.heldByOther = false;
      if (lease === undefined) {
        await leases.create(this.render(undefined), signal);
        return true;
      }
      const holder = lease.spec?.holderIdentity ?? '';
      if (holder !== identity && holder !== '' && !this.isStale(lease)) {
        this.heldByOther = true;
        return false;
      }
      await leases.replace(name, this.render(lease), signal);
      return true;
    } catch (error) {
      if (!signal.aborted && !isServiceError(error, 'cluster-conflict', 'cluster-exists'))
        log.warn({ err: error }, 'The Lease could not be read or written.');
      return false;
    }
  }

  private isStale(lease: Lease): boolean {
    const resourceVersion = lease.metadata?.resourceVersion ?? '';
    if (this.seen?.resourceVersion !== resourceVersion) {
      this.seen = { resourceVersion, since: performance.now() };
      return false;
    }
    const seconds = lease.spec?.leaseDurationSeconds ?? this.options.leaseSeconds;
    return performance.now() - this.seen.since > seconds * 1000;
  }

  private render(lease: Lease | undefined): Lease {
    const { name, identity, leaseSeconds, now } = this.options;
    const time = microTime(now());
    const before = lease?.spec;
    const taken = before !== undefined && before.holderIdentity !== identity;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: lease?.metadata ?? { name },
      spec: {
        acquireTime: time,
        leaseTransitions: 0,
        ...before,
        ...(taken ? { acquireTime: time, leaseTransitions: (before.leaseTransitions ?? 0) + 1 } : {}),
        holderIdentity: identity,
        leaseDurationSeconds: leaseSeconds,
        renewTime: time,
      },
    };
  }

  /** So that another replica need not wait for the Lease to run out. */
  private async release(): Promise<void> {
    const { leases, name, identity } = this.options;
    const bounded = AbortSignal.timeout(2000);
    try {
      const lease = await leases.get(name, bounded);
      if (lease?.spec?.holderIdentity !== identity) return;
      const { resourceVersion } = lease.metadata ?? {};
      // Taken away, not emptied: the API server refuses an empty holder.
      await leases.patch(name, { metadata: { resourceVersion }, spec: { holderIdentity: null } }, bounded);
    } catch (error) {
      this.options.log.debug({ err: error }, 'The Lease was not released; it runs out by itself.');
    }
  }
}

/** MicroTime wants six digits. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

async function pause(millis: number, signal: AbortSignal): Promise<void> {
  await sleep(millis, undefined, { signal }).catch(() => undefined);
}
