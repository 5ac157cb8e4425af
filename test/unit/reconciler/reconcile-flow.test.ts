import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAttempt, type Attempt } from '../../../src/flow/attempt.ts';
import { reconcileFlow } from '../../../src/reconciler/reconcile-flow.ts';
import type { Job } from '../../../src/kubernetes/types.ts';
import type { Reconciler } from '../../../src/reconciler/reconciler.ts';
import { aJob, aPod } from '../../support/flow-job.ts';
import { anAttempt, at } from '../../support/flow-values.ts';
import { reconcile, startTestReconciler } from '../../support/test-reconciler.ts';
import { attempt as id, flow, memoryStore, sidecarWrites } from '../result/stored-results.ts';

const { signal } = new AbortController();

/** The same client, with the names of its calls written down. */
function counted<T extends object>(client: T, { kind, calls }: { kind: string; calls: string[] }): T {
  return new Proxy(client, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...call: unknown[]): unknown => {
        calls.push(`${kind} ${String(name)}`);
        return Reflect.apply(member, target, call);
      };
    },
  });
}

test("from a pod's end to the callback there are four calls to API server and store at most", async (t) => {
  const calls: string[] = [];
  const beforeCallback: string[][] = [];
  const { objects, report } = sidecarWrites({ 'a.txt': Buffer.from('a') });
  const { deps, api, see } = await startTestReconciler(t, {
    store: memoryStore(objects),
    deliver: () => {
      beforeCallback.push([...calls]);
      return Promise.resolve({ result: 'delivered', status: 204 });
    },
  });
  await api.cluster.jobs.create(aJob({ name: flow, startedAt: at(0) }), signal);
  await see(flow);
  const worker = { state: 'ended', exitCode: 0, reason: 'Completed' } as const;
  let attempts: Attempt[] = [anAttempt({ id, flow, worker })];
  const reconciler: Reconciler = {
    ...deps,
    store: counted(deps.store, { kind: 'store', calls }),
    cluster: {
      ...deps.cluster,
      jobs: counted(deps.cluster.jobs, { kind: 'jobs', calls }),
      pods: counted(deps.cluster.pods, { kind: 'pods', calls }),
    },
    cache: {
      ...deps.cache,
      attempts: () => attempts,
      removePod: () => {
        attempts = [];
      },
    },
  };
  // The worker ends first, its pod when the sidecar has uploaded.
  await reconcileFlow(reconciler, flow, signal);
  const message = JSON.stringify({ manifest: report });
  const sidecar = { ...worker, message };
  attempts = [anAttempt({ id, flow, worker, sidecar, terminal: true, phase: 'Succeeded' })];
  await reconcile(reconciler, flow, signal);

  assert.deepEqual(beforeCallback, [['jobs patch', 'jobs patch', 'store list', 'store read', 'jobs patch']]);
  assert.deepEqual(attempts, [], 'the pod is let go afterwards');
  assert.equal((await see(flow)).state, 'closed');
});

test('after a success the replacement of its pod is stopped, and its Job makes no other, before the callback', async (t) => {
  const { objects, report } = sidecarWrites({ 'a.txt': Buffer.from('a') });
  const beforeCallback: unknown[] = [];
  const { deps, api, see } = await startTestReconciler(t, {
    store: memoryStore(objects),
    deliver: async () => {
      const pod = await api.cluster.pods.get('replacement', signal);
      beforeCallback.push({
        isMarked: pod?.metadata?.deletionTimestamp !== undefined,
        suspended: (await see(flow)).suspended,
      });
      return { result: 'delivered', status: 204 };
    },
  });
  const worker = { exitCode: 0, reason: 'Completed' };
  const sidecar = { ...worker, message: JSON.stringify({ manifest: report }) };
  const attempt = { attempt: id, pod: 'disrupted', worker, sidecar, interrupted: 'Deleted', at: at(40) };
  await api.cluster.jobs.create(aJob({ name: flow, suspended: false, startedAt: at(0), attempt }), signal);
  await see(flow);
  let replacement = readAttempt(await api.cluster.pods.create(aPod(flow, 'replacement'), signal));
  const cache: Reconciler['cache'] = {
    ...deps.cache,
    attempts: () => [replacement],
    updatePod: (pod) => {
      replacement = readAttempt(pod);
    },
  };
  await reconcileFlow({ ...deps, cache }, flow, signal);

  assert.deepEqual(beforeCallback, [{ isMarked: true, suspended: true }]);
});

test('a pass ends with the callback, and asks for another one that lets the pod go and writes the record', async (t) => {
  const { objects, report } = sidecarWrites({ 'a.txt': Buffer.from('a') });
  const { deps, api, see } = await startTestReconciler(t, {
    store: memoryStore(objects),
    deliver: () => Promise.resolve({ result: 'delivered', status: 204 }),
  });
  const worker = { state: 'ended', exitCode: 0, reason: 'Completed' } as const;
  const sidecar = { ...worker, message: JSON.stringify({ manifest: report }) };
  const attempts = [anAttempt({ id, flow, worker, sidecar, terminal: true, phase: 'Succeeded' })];
  const cache = { ...deps.cache, attempts: () => attempts, removePod: () => attempts.splice(0) };
  await api.cluster.jobs.create(aJob({ name: flow, startedAt: at(0) }), signal);
  await see(flow);

  assert.deepEqual(await reconcileFlow({ ...deps, cache }, flow, signal), { requeueAfterMillis: 0 });
  const { delivery, state } = await see(flow);
  assert.deepEqual([delivery?.result, state, attempts.length], ['delivered', 'open', 1]);

  await reconcileFlow({ ...deps, cache }, flow, signal);
  assert.deepEqual([(await see(flow)).state, attempts.length], ['closed', 0]);
});

for (const { name, watched, reads } of [
  { name: 'which the watch has brought is not read', watched: true, reads: 0 },
  { name: 'which the watch has not brought yet is read', watched: false, reads: 1 },
]) {
  test(`after a lost race the next step is decided from the write of the other, ${name}`, async (t) => {
    const calls: string[] = [];
    const { deps, api, see } = await startTestReconciler(t, { store: memoryStore(new Map()) });
    await api.cluster.jobs.create(aJob({ name: flow, startedAt: at(0) }), signal);
    await see(flow);
    const worker = { state: 'ended', exitCode: 1, reason: 'Error' } as const;
    let others = 0;
    async function patch(...call: Parameters<typeof api.cluster.jobs.patch>): Promise<Job> {
      others += 1;
      if (others === 1) {
        const annotations = { 'example.org/somebody': 'wrote' };
        const job = await api.cluster.jobs.patch(flow, { metadata: { annotations } }, signal);
        if (watched) deps.cache.updateJob(job);
      }
      return await api.cluster.jobs.patch(...call);
    }
    const jobs = counted({ ...deps.cluster.jobs, patch }, { kind: 'jobs', calls });
    const cache = { ...deps.cache, attempts: () => [anAttempt({ id, flow, worker })] };
    const end = await reconcileFlow({ ...deps, cache, cluster: { ...deps.cluster, jobs } }, flow, signal);
    assert.equal(end.failure, undefined);
    assert.equal((await see(flow)).worker?.exitCode, 1);
    assert.equal(calls.filter((call) => call === 'jobs get').length, reads);
  });
}
