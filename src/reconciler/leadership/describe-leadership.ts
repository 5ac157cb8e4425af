import { messageOf } from '../../errors.ts';
import type { Lease } from '../../kubernetes/types.ts';

/** Which replica leads, as far as this one knows. For people only: nothing is decided by it. */
export type Leadership =
  /** `since`: when that replica took the Lease; RFC 3339, by its own clock. */
  | { leader: 'this' | 'another'; identity: string; since: string | undefined }
  /** `since`: when this replica first found it so; absent: it has not read the Lease yet. */
  | { leader: 'none'; reason: string; error?: unknown; since?: string };

/** The Lease as this replica last observed it. */
export interface LeaseObservation {
  identity: string;
  leads: boolean;
  /** As last read or written; undefined: never. */
  lease: Lease | undefined;
  /** Monotonic milliseconds for which the Lease was seen unchanged. */
  unchangedMillis: number;
  /** Error of the last read or write, if it failed, and the time of the first consecutive failure. */
  failure: { error: unknown; since: string } | undefined;
}

/** The Lease as this replica last observed it. Times are monotonic milliseconds. */
export function createLeaseMemory() {
  let latest: { lease: Lease; since: number } | undefined;
  let failure: LeaseObservation['failure'];
  function see(lease: Lease, monotonic: number): void {
    const known = latest?.lease.metadata?.resourceVersion;
    if (latest === undefined || known !== lease.metadata?.resourceVersion)
      latest = { lease, since: monotonic };
  }
  return {
    see,
    /** `held`: the answer to a write of our own. */
    succeed(held: Lease | undefined, monotonic: number): void {
      failure = undefined;
      if (held !== undefined) see(held, monotonic);
    },
    fail(error: unknown, now: Date): void {
      failure = { error, since: failure?.since ?? now.toISOString() };
    },
    describe({
      identity,
      leads,
      monotonic,
    }: {
      identity: string;
      leads: boolean;
      monotonic: number;
    }): Leadership {
      const unchangedMillis = monotonic - (latest?.since ?? monotonic);
      return describeLeadership({ identity, leads, lease: latest?.lease, unchangedMillis, failure });
    },
  };
}

export function describeLeadership(observation: LeaseObservation): Leadership {
  const { identity, leads, lease, unchangedMillis } = observation;
  const { acquireTime: since, leaseDurationSeconds = 0 } = lease?.spec ?? {};
  if (leads) return { leader: 'this', identity, since };
  const holder = holderOf(lease);
  if (holder !== '' && holder !== identity && unchangedMillis <= leaseDurationSeconds * 1000)
    return { leader: 'another', identity: holder, since };
  return describeNobody(observation);
}

function describeNobody({ lease, failure }: LeaseObservation): Leadership {
  if (failure !== undefined) {
    const reason = `the Lease cannot be read or written: ${messageOf(failure.error)}`;
    return { leader: 'none', reason, error: failure.error, since: failure.since };
  }
  if (lease === undefined) return { leader: 'none', reason: 'the Lease was not read yet' };
  const holder = holderOf(lease);
  const reason =
    holder === '' ? 'nobody holds the Lease' : `the Lease of ${holder} is not renewed; it is taken over soon`;
  return { leader: 'none', reason };
}

/** Empty if the Lease was released. */
function holderOf(lease: Lease | undefined): string {
  return lease?.spec?.holderIdentity ?? '';
}
