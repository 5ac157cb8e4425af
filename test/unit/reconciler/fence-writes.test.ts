import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { fenceWrites } from '../../../src/reconciler/fence-writes.ts';
import type { ReconcilerDependencies } from '../../../src/reconciler/reconciler.ts';
import type { ObjectStore } from '../../../src/storage/object-store.ts';
import { aFlow } from '../../support/flow-values.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';

const { signal } = new AbortController();

/** Dependencies that note the name of everything that is called, behind a fence that is opened and closed. */
async function fenced(
  t: Parameters<typeof startTestReconciler>[0],
): Promise<{ deps: ReconcilerDependencies; called: string[]; gate: { open: boolean } }> {
  const called: string[] = [];
  function noting(names: string[]): object {
    return Object.fromEntries(
      names.map((name) => [
        name,
        () => {
          called.push(name);
          return Promise.resolve({});
        },
      ]),
    );
  }
  const { deps } = await startTestReconciler(t, { store: noting(storeMethods) as ObjectStore });
  const client = noting(clientMethods) as Cluster['jobs'];
  const cluster = { ...deps.cluster, ...Object.fromEntries(kinds.map((kind) => [kind, client])) };
  const store = noting(storeMethods) as ObjectStore;
  store.remove = async (keys) => {
    for await (const key of keys) called.push(`remove ${key}`);
  };
  const gate = { open: true };
  function check(): void {
    if (!gate.open) throw new Error('not the leader');
  }
  const announce = noting(['announce']) as Pick<ReconcilerDependencies, 'announce'>;
  return { deps: fenceWrites({ ...deps, cluster, store, ...announce }, { check }), called, gate };
}

const kinds = ['jobs', 'pods', 'configMaps', 'secrets', 'leases', 'events'] as const;
const clientReads = ['get', 'list', 'watch'];
const clientWrites = ['create', 'patch', 'replace', 'delete'];
const clientMethods = [...clientReads, ...clientWrites];
const storeReads = ['get', 'head', 'list', 'presignGet', 'check'];
const storeMethods = [...storeReads, 'put', 'addedLater'];

type Call = (...parameters: unknown[]) => Promise<unknown>;

function methodsOf(client: object): Record<string, Call> {
  return client as Record<string, Call>;
}

test('who leads writes and reads', async (t) => {
  const { deps, called } = await fenced(t);
  for (const name of clientMethods) await methodsOf(deps.cluster.jobs)[name]?.();
  for (const name of storeMethods) await methodsOf(deps.store)[name]?.();
  await deps.announce(aFlow(), undefined, signal);
  assert.deepEqual(called, [...clientMethods, ...storeMethods, 'announce']);
});

test('who does not lead writes nothing to any kind, nothing to the store, and says nothing', async (t) => {
  const { deps, called, gate } = await fenced(t);
  gate.open = false;
  for (const kind of kinds)
    for (const name of clientWrites)
      await assert.rejects(async () => methodsOf(deps.cluster[kind])[name]?.(), /not the leader/, name);
  for (const name of ['put', 'addedLater'])
    await assert.rejects(async () => methodsOf(deps.store)[name]?.(), /not the leader/, name);
  await assert.rejects(deps.store.remove(['a'], signal), /not the leader/);
  await assert.rejects(deps.announce(aFlow(), undefined, signal), /not the leader/);
  assert.deepEqual(called, []);
});

test('who does not lead may read', async (t) => {
  const { deps, called, gate } = await fenced(t);
  gate.open = false;
  for (const name of clientReads) await methodsOf(deps.cluster.pods)[name]?.();
  for (const name of storeReads) await methodsOf(deps.store)[name]?.();
  assert.deepEqual(called, [...clientReads, ...storeReads]);
});

test('a deletion of many objects is broken off where leading ended', async (t) => {
  const { deps, called, gate } = await fenced(t);
  function* keys(): Generator<string> {
    yield 'first';
    gate.open = false;
    yield 'second';
  }
  await assert.rejects(deps.store.remove(keys(), signal), /not the leader/);
  assert.deepEqual(called, ['remove first']);
});
