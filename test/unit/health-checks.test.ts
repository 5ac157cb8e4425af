import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../src/errors.ts';
import { buildHealthChecks, type HealthParts } from '../../src/health-checks.ts';

type Observed = ReturnType<HealthParts['observed']['status']>;

async function reconcilerOf(observed: Observed, leads: boolean) {
  const parts = {
    lease: {
      isLeader: () => leads,
      leadership: () => ({ leader: leads ? 'this' : 'another', identity: 'a', since: undefined }) as const,
    },
    observed: { current: () => undefined, status: () => observed },
    now: () => new Date(),
  };
  const { reconciler } = buildHealthChecks(parts as unknown as HealthParts);
  return await reconciler?.(AbortSignal.timeout(1000));
}

const down = new ServiceError('cluster-unavailable', 'GET https://10.0.0.1/pods');

const rows = [
  { name: 'it is current', observed: { synced: true }, broken: undefined, cache: 'current' },
  { name: 'the first lists are under way', observed: { synced: false }, broken: undefined, cache: 'filling' },
  {
    name: 'the first list fails',
    observed: { synced: false, problem: { kind: 'pods', error: down } },
    broken: true,
    cache: 'behind',
  },
  {
    name: 'its watch is broken',
    observed: { synced: true, problem: { kind: 'pods', error: down } },
    broken: true,
    cache: 'behind',
  },
] as const;

for (const { name, observed, broken, cache } of rows) {
  for (const leads of [true, false]) {
    test(`the health of a replica that ${leads ? 'leads' : 'stands by'} tells of its cache: ${name}`, async () => {
      const found = await reconcilerOf(observed, leads);
      assert.deepEqual([found?.broken, found?.shown?.['cache']], [broken, cache]);
      assert.equal(found?.shown?.['leader'], leads ? 'this replica' : 'another replica');
      assert.doesNotMatch(JSON.stringify(found.shown), /10\.0\.0\.1/);
      if (broken) assert.match(String(found.inside?.['problem']), /the pods are not followed: GET https/);
    });
  }
}
