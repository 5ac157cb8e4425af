import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../../src/flow/attempt.ts';
import { reconcileFlow } from '../../../src/reconciler/reconcile-flow.ts';
import type { Reconciler } from '../../../src/reconciler/reconciler.ts';
import { aJob } from '../../support/flow-job.ts';
import { anAttempt, at } from '../../support/flow-values.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
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

test("from a pod's end to the callback there are seven calls to API server and store at most", async (t) => {
  const calls: string[] = [];
  const beforeCallback: string[][] = [];
  const { objects, report } = sidecarWrites({ 'a.txt': Buffer.from('a') });
  const { deps, api, see } = await startTestReconciler(t, {
    store: memoryStore(objects),
    announce: () => {
      beforeCallback.push([...calls]);
      return Promise.resolve({ result: 'told', status: 204 });
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
    world: {
      ...deps.world,
      attempts: () => attempts,
      forgetPod: () => {
        attempts = [];
      },
    },
  };
  // The worker ends first, its pod when the sidecar has uploaded.
  await reconcileFlow(reconciler, flow, signal);
  const message = JSON.stringify({ manifest: report });
  const sidecar = { ...worker, message };
  attempts = [anAttempt({ id, flow, worker, sidecar, terminal: true, phase: 'Succeeded' })];
  await reconcileFlow(reconciler, flow, signal);

  assert.deepEqual(beforeCallback, [
    ['jobs patch', 'jobs patch', 'store head', 'store get', 'store list', 'jobs patch', 'jobs patch'],
  ]);
  assert.deepEqual(attempts, [], 'the pod is let go afterwards');
  assert.equal((await see(flow)).state, 'closed');
});
