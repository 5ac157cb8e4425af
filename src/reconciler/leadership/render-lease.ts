import type { Lease } from '../../kubernetes/types.ts';

export interface LeaseHolding {
  name: string;
  identity: string;
  leaseSeconds: number;
  /** For the Lease's readers: nothing is decided by it. */
  now: () => Date;
}

/** The Lease as its holder writes it, over what it was before. */
export function renderLease(lease: Lease | undefined, holding: LeaseHolding): Lease {
  const { name, identity, leaseSeconds, now } = holding;
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

/** MicroTime wants six digits. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
