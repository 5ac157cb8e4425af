import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import type { LeaderLease } from '../../../src/reconciler/leadership/leader-lease.ts';
import { createObservedFlows } from '../../../src/reconciler/observed/observed-flows.ts';
import { startReconciler } from '../../../src/reconciler/start-reconciler.ts';
import type { TestApi } from '../../support/api-server.ts';
import { aJob } from '../../support/flow-job.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();

interface Stuck {
  lease: LeaderLease;
  api: TestApi;
  stopping: AbortController;
  /** False: the Lease cannot be written. */
  line: { up: boolean };
  terms: () => number;
}

/** A leader that sees a Job, and never a list of pods. */
async function startStuck(t: TestContext): Promise<Stuck> {
  const { deps, api } = await startTestReconciler(t, { store: memoryStore(new Map()) });
  await api.cluster.jobs.create(aJob({ name: 'flow-a' }), signal);
  const line = { up: true };
  let lists = 0;
  let terms = 0;
  const cluster: Cluster = {
    ...api.cluster,
    guarded: () => cluster,
    pods: {
      ...api.cluster.pods,
      list: () => {
        lists += 1;
        return Promise.reject(new ServiceError('cluster-unavailable', 'pods cannot be listed'));
      },
    },
    leases: {
      ...api.cluster.leases,
      replace: async (...call: Parameters<typeof api.cluster.leases.replace>) => {
        if (!line.up) throw new ServiceError('cluster-unavailable', 'no route');
        return await api.cluster.leases.replace(...call);
      },
    },
  };
  const { log } = deps;
  log.info = (...entry: unknown[]) => {
    if (entry[1] === 'This replica leads.') terms += 1;
  };
  const reconciler = {
    ...deps.config.reconciler,
    leaseSeconds: 1,
    backoff: { firstMillis: 5, maxMillis: 20 },
  };
  const stopping = new AbortController();
  const lease = startReconciler(
    {
      ...{ ...deps, cluster, config: { ...deps.config, reconciler }, log },
      openFlows: createObservedFlows({ cluster }),
    },
    stopping.signal,
  );
  await waitUntil('it leads and has tried to list', () => lease.isLeader() && lists > 2);
  return { lease, api, stopping, line, terms: () => terms };
}

test('a leader whose first list never succeeds ends when it is told to, and releases the Lease', async (t) => {
  const { lease, api, stopping } = await startStuck(t);
  stopping.abort(new Error('the service stops'));
  await waitUntil('its end', () => lease.ended.then(() => true), { deadlineMs: 20_000 });
  const [{ spec } = {}] = (await api.cluster.leases.list({}, signal)).items;
  assert.equal(spec?.holderIdentity, undefined);
});

test('a leader that loses the Lease before its first list succeeds competes for it again', async (t) => {
  const { lease, stopping, line, terms } = await startStuck(t);
  line.up = false;
  await waitUntil('the end of its term', () => !lease.isLeader());
  line.up = true;
  await waitUntil('another term', () => lease.isLeader() && terms() === 2, { deadlineMs: 20_000 });
  stopping.abort(new Error('the service stops'));
  await lease.ended;
});
