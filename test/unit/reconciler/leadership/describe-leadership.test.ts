import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import type { Lease } from '../../../../src/kubernetes/types.ts';
import { createLogger } from '../../../../src/log.ts';
import {
  describeLeadership,
  type LeaseObservation,
  type Leadership,
} from '../../../../src/reconciler/leadership/describe-leadership.ts';
import { startLeaderLease } from '../../../../src/reconciler/leadership/leader-lease.ts';
import { LeaseServer } from '../../../support/lease-server.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const since = '2026-01-01T00:00:00.000000Z';
const failure = { error: new ServiceError('cluster-not-found', 'namespaces "jobs" not found'), since };

function leaseOf(holderIdentity: string | undefined): Lease {
  const spec = { acquireTime: since, leaseDurationSeconds: 15 };
  return { spec: holderIdentity === undefined ? spec : { ...spec, holderIdentity } };
}

const rows: {
  name: string;
  observation: Partial<LeaseObservation>;
  expected: Partial<Leadership> & { words?: RegExp };
}[] = [
  {
    name: 'this replica leads',
    observation: { leads: true, lease: leaseOf('me') },
    expected: { leader: 'this', identity: 'me', since },
  },
  {
    name: 'this replica leads, and one renewal failed',
    observation: { leads: true, lease: leaseOf('me'), failure },
    expected: { leader: 'this', identity: 'me', since },
  },
  {
    name: 'another replica leads',
    observation: { lease: leaseOf('other'), unchangedMillis: 14_000 },
    expected: { leader: 'another', identity: 'other', since },
  },
  {
    name: 'another replica led until it stopped renewing',
    observation: { lease: leaseOf('other'), unchangedMillis: 16_000 },
    expected: { leader: 'none', words: /the Lease of other is not renewed/ },
  },
  {
    name: 'another replica led when the Lease was last read, long ago',
    observation: { lease: leaseOf('other'), unchangedMillis: 16_000, failure },
    expected: { leader: 'none', since, words: /cannot be read or written: namespaces "jobs" not found/ },
  },
  {
    name: 'nobody holds it',
    observation: { lease: leaseOf(undefined) },
    expected: { leader: 'none', words: /nobody/ },
  },
  {
    name: 'it was emptied',
    observation: { lease: leaseOf('') },
    expected: { leader: 'none', words: /nobody/ },
  },
  {
    name: 'the Lease was not read yet',
    observation: {},
    expected: { leader: 'none', words: /not read yet/ },
  },
  {
    name: 'this replica holds it and writes nothing any more',
    observation: { lease: leaseOf('me') },
    expected: { leader: 'none', words: /not renewed/ },
  },
];

for (const { name, observation, expected } of rows) {
  test(`leadership: ${name}`, () => {
    const none: LeaseObservation = {
      ...{ identity: 'me', leads: false, lease: undefined },
      ...{ unchangedMillis: 0, failure: undefined },
    };
    const found: Record<string, unknown> = { ...describeLeadership({ ...none, ...observation }) };
    const { words, ...members } = expected;
    for (const [member, value] of Object.entries(members)) assert.equal(found[member], value, member);
    if (words !== undefined) assert.match(String(found['reason']), words);
  });
}

test('a replica whose Lease cannot be written tells why and since when, and who leads once it can', async (t) => {
  const server = new LeaseServer();
  const leases = server.client();
  let missing = true;
  function checked<A extends unknown[], R>(call: (...given: A) => Promise<R>): (...given: A) => Promise<R> {
    return (...given) => (missing ? Promise.reject(failure.error) : call(...given));
  }
  const end = new AbortController();
  let lookedAt = 0;
  const lease = startLeaderLease(
    {
      leases: { ...leases, get: checked(leases.get), create: checked(leases.create) },
      name: 'reconciler',
      identity: 'me',
      leaseSeconds: 1,
      lead: (term) =>
        new Promise((resolve) => {
          term.signal.addEventListener('abort', () => {
            resolve();
          });
        }),
      now: () => new Date(Date.parse('2026-01-01T00:00:00Z') + (lookedAt += 1000)),
      log: createLogger('silent'),
    },
    end.signal,
  );
  t.after(async () => {
    end.abort();
    await lease.ended;
  });
  const nobody = await waitUntil('the failure is known', () => {
    const found = lease.leadership();
    return found.leader === 'none' && found.error !== undefined && lookedAt >= 1000 ? found : undefined;
  });
  assert.match(nobody.reason, /namespaces "jobs" not found/);
  assert.equal(nobody.since, '2026-01-01T00:00:01.000Z');
  missing = false;
  const leader = await waitUntil('it leads', () => {
    const found = lease.leadership();
    return found.leader === 'this' ? found : undefined;
  });
  assert.equal(leader.identity, 'me');
  assert.match(leader.since ?? '', /^2026-01-01T00:00:/);
});
