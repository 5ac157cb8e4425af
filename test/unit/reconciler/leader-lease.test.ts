import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../../../src/log.ts';
import { startLeaderLease, type LeaderLease } from '../../../src/reconciler/leader-lease.ts';
import { startTestApi, type TestApi } from '../../support/api-server.ts';
import { waitUntil } from '../../support/wait-until.ts';

interface Replica {
  lease: LeaderLease;
  leading: boolean;
  terms: number;
  end: AbortController;
}

function startReplica(api: TestApi, identity: string, leases = api.cluster.leases): Replica {
  const end = new AbortController();
  const replica = { end, leading: false, terms: 0 } as Replica;
  replica.lease = startLeaderLease(
    {
      leases,
      name: 'reconciler',
      identity,
      leaseSeconds: 1,
      lead: async (signal) => {
        replica.leading = true;
        replica.terms += 1;
        await new Promise<void>((resolve) => {
          signal.addEventListener(
            'abort',
            () => {
              resolve();
            },
            { once: true },
          );
        });
        replica.leading = false;
      },
      now: () => new Date(),
      log: createLogger('silent'),
    },
    end.signal,
  );
  return replica;
}

test('one of two replicas leads, and the other takes over when it ends', async () => {
  await using api = await startTestApi();
  const first = startReplica(api, 'first');
  await waitUntil('the first to lead', () => first.leading);
  const second = startReplica(api, 'second');
  await waitUntil(
    'the second to have looked',
    async () =>
      (await api.cluster.leases.get('reconciler', AbortSignal.timeout(1000)))?.spec?.holderIdentity ===
      'first',
  );
  assert.equal(second.leading, false);
  first.end.abort();
  await first.lease.ended;
  assert.equal(first.leading, false);
  await waitUntil('the second to lead', () => second.leading);
  second.end.abort();
  await second.lease.ended;
  const lease = await api.cluster.leases.get('reconciler', AbortSignal.timeout(1000));
  assert.equal(lease?.spec?.leaseTransitions, 1);
});

test('a leader that cannot renew has stopped before another begins', async () => {
  await using api = await startTestApi();
  const cut = { value: false };
  const leases = { ...api.cluster.leases };
  leases.get = (name, signal) =>
    cut.value ? Promise.reject(new Error('no route')) : api.cluster.leases.get(name, signal);
  const first = startReplica(api, 'first', leases);
  await waitUntil('the first to lead', () => first.leading);
  let bothLed = false;
  const second = startReplica(api, 'second');
  cut.value = true;
  await waitUntil('the second to lead', () => {
    bothLed ||= first.leading && second.leading;
    return second.leading;
  });
  assert.equal(bothLed, false);
  assert.equal(first.leading, false);
  for (const { end } of [first, second]) end.abort();
  await Promise.all([first.lease.ended, second.lease.ended]);
});

test('a replica that starts again under its own name leads at once', async () => {
  await using api = await startTestApi();
  const dead = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'reconciler' },
    spec: { holderIdentity: 'me', leaseDurationSeconds: 3600 },
  };
  await api.cluster.leases.create(dead, AbortSignal.timeout(1000));
  const again = startReplica(api, 'me');
  await waitUntil('to lead', () => again.leading);
  again.end.abort();
  await again.lease.ended;
});
