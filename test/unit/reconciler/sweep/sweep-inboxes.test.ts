import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inboxAnswerKey, inboxBodyKey } from '../../../../src/flow/keys.ts';
import { sweepInboxes } from '../../../../src/reconciler/sweep/sweep-inboxes.ts';
import { sweep } from '../../../../src/reconciler/sweep/sweep.ts';
import { ServiceError } from '../../../../src/errors.ts';
import { at } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore, type MemoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();

/** An inbox that expires so many seconds after the tests' epoch. */
function inboxAt(seconds: number, name = 'a'): string {
  const notAfter = Date.parse(at(seconds)) / 1000;
  return `${String(notAfter).padStart(12, '0')}-${name}`;
}

function keysOf(id: string): string[] {
  return [inboxAnswerKey(id), inboxBodyKey(id)];
}

function storeWith(...keys: string[]): MemoryStore {
  return memoryStore(new Map(keys.map((key) => [key, Buffer.from('{}')])));
}

/** The keys that a sweep at this time leaves, and those that it was given by the listing. */
async function sweepAt(store: MemoryStore, seconds: number) {
  const listed: string[] = [];
  async function* list(...wanted: Parameters<MemoryStore['list']>) {
    for await (const object of store.list(...wanted)) {
      listed.push(object.key);
      yield object;
    }
  }
  await sweepInboxes({ store: { ...store, list }, now: () => new Date(at(seconds)) }, signal);
  return { left: [...store.objects.keys()].sort(), listed };
}

test('an inbox is deleted from the second in which it expires, and nothing is listed after the first that has not', async () => {
  const [first, second, third] = [inboxAt(10), inboxAt(20), inboxAt(30)];
  const all = [first, second, third].flatMap(keysOf);
  const store = storeWith(...all);
  const early = await sweepAt(store, 9);
  assert.deepEqual([early.left, early.listed], [all, all.slice(0, 1)]);
  const due = await sweepAt(store, 10);
  assert.deepEqual([due.left, due.listed], [all.slice(2), all.slice(0, 3)]);
  assert.deepEqual((await sweepAt(store, 29)).left, all.slice(4));
  assert.deepEqual((await sweepAt(store, 1_000_000)).left, []);
});

test('an answer without a body is deleted too, and keys of others stay and hide nothing', async () => {
  const foreign = ['inboxes/000-readme', 'inboxes/README'];
  const store = storeWith(...foreign, inboxAnswerKey(inboxAt(10)), inboxBodyKey(inboxAt(20)), 'uploads/x');
  assert.deepEqual((await sweepAt(store, 30)).left, [...foreign, 'uploads/x']);
});

test('what a store that fails has left is deleted by the next sweep, and other parts of a sweep do not keep inboxes', async (t) => {
  const keys = [inboxAt(10), inboxAt(11), inboxAt(12)].flatMap(keysOf);
  const store = storeWith(...keys);
  const faults = { removals: 1, lists: 0 };
  const { deps, setClock } = await startTestReconciler(t, {
    store: {
      ...store,
      async remove(removed, within) {
        for await (const key of removed) {
          if (faults.removals > 0 && key === keys[2]) {
            faults.removals -= 1;
            throw new ServiceError('store-unavailable', 'down');
          }
          await store.remove([key], within);
        }
      },
      list(prefix, within) {
        if (prefix.startsWith('inboxes/')) return store.list(prefix, within);
        faults.lists += 1;
        throw new ServiceError('store-unavailable', 'down');
      },
    },
  });
  setClock(60);
  await sweep(deps, signal);
  assert.deepEqual([...store.objects.keys()], keys.slice(2));
  await sweep(deps, signal);
  assert.deepEqual([...store.objects.keys()], []);
  assert.ok(faults.lists > 0);
});

test('a bucket that is missing is no failure', async () => {
  const store = storeWith();
  function list(): never {
    throw new ServiceError('bucket-missing', 'none');
  }
  await sweepInboxes({ store: { ...store, list }, now: () => new Date() }, signal);
});
