import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { presignedUploadKey, uploadContentKey, uploadDescriptionKey } from '../../../../src/flow/keys.ts';
import { createLogger } from '../../../../src/log.ts';
import { sweepUploads } from '../../../../src/reconciler/sweep/sweep-uploads.ts';
import type { UploadsBelow } from '../../../../src/storage/object-store.ts';
import { newUploadId } from '../../../../src/uploads/stored-upload.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const hour = 3_600_000;
const day = 24 * hour;
const start = Date.parse('2026-11-28T10:00:00Z');

function openBucket() {
  const store = memoryStore();
  const below: UploadsBelow[] = [];
  store.abortUploads = (uploads) => {
    assert.ok(typeof uploads !== 'string');
    below.push(uploads);
    return Promise.resolve(0);
  };
  let now = start;
  const deps = {
    ...{ store, log: createLogger('silent'), now: () => new Date(now) },
    config: { uploads: { keepSeconds: day / 1000 } },
  };
  return {
    store,
    below,
    add(created: number, expires?: number): string {
      const id = newUploadId(new Date(created), randomUUID());
      store.objects.set(uploadContentKey(id), Buffer.from('x'));
      if (expires !== undefined) {
        const expiresAt = new Date(expires).toISOString();
        store.objects.set(uploadDescriptionKey(id), Buffer.from(JSON.stringify({ id, expiresAt })));
      }
      return id;
    },
    async sweepAt(time: number): Promise<string[]> {
      now = time;
      store.reads.length = 0;
      await sweepUploads(deps, signal);
      return [...store.objects.keys()];
    },
  };
}

test('uploads are deleted when they have expired, and content without a description at the same age', async () => {
  const bucket = openBucket();
  const old = bucket.add(start, start + day);
  const orphan = bucket.add(start + hour);
  bucket.store.objects.set(presignedUploadKey(orphan), Buffer.from('{}'));
  const promised = bucket.add(start + 2 * hour, start + 3 * day);
  const young = bucket.add(start + 3 * hour, start + 3 * hour + day);
  const foreign = 'uploads/README';
  bucket.store.objects.set(foreign, Buffer.alloc(0));
  const all = [...bucket.store.objects.keys()];
  assert.deepEqual(await bucket.sweepAt(start + day - 1), all);
  assert.deepEqual(bucket.store.reads, [], 'nothing is read of what is not due');
  function without(...ids: string[]): string[] {
    return all.filter((key) => !ids.some((id) => key.includes(id)));
  }
  assert.deepEqual(await bucket.sweepAt(start + day), without(old));
  assert.deepEqual(await bucket.sweepAt(start + day + 2 * hour), without(old, orphan));
  assert.deepEqual(await bucket.sweepAt(start + 3 * day - 1), without(old, orphan, young));
  assert.deepEqual(await bucket.sweepAt(start + 3 * day), [foreign]);
  assert.ok(!all.every((key) => key.includes(promised)));
});

test('uploads in parts are aborted by their age, and one with a broken description is deleted', async () => {
  const bucket = openBucket();
  const id = bucket.add(start);
  bucket.store.objects.set(uploadDescriptionKey(id), Buffer.from('{'));
  assert.deepEqual(await bucket.sweepAt(start + day), []);
  const [below] = bucket.below;
  assert.equal(below?.prefix, 'uploads/');
  const younger = newUploadId(new Date(start + 1), randomUUID());
  assert.deepEqual(
    [uploadContentKey(id), uploadContentKey(younger), 'uploads/other'].map((key) => below.isMeant(key)),
    [true, false, false],
  );
});
