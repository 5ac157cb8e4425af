import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { hasExpired, newUploadId, readUpload, uploadTime } from '../../../src/uploads/stored-upload.ts';

const { signal } = new AbortController();

test('the id of an upload holds its time, and later ids come after earlier ones', () => {
  const times = [0, 1_000, 1_795_857_600_123, 1_795_857_600_124, 2 ** 48 - 1];
  const ids = times.map((time) => newUploadId(new Date(time), randomUUID()));
  assert.deepEqual(ids.map(uploadTime), times);
  assert.deepEqual(ids.toSorted(), ids);
  assert.notEqual(newUploadId(new Date(0), randomUUID()), ids[0]);
});

test('nothing is read for what is no id of an upload', async () => {
  const store = { read: () => Promise.reject(new Error('not expected')) };
  for (const id of ['', '..', randomUUID(), `${newUploadId(new Date(), randomUUID())}/`, 'A'.repeat(36)])
    assert.equal(await readUpload(store, id, signal), undefined, id);
});

test('an upload has expired when its time has come', () => {
  const upload = { expiresAt: '2026-11-28T10:00:00.000Z' };
  assert.equal(hasExpired(upload, new Date('2026-11-28T09:59:59.999Z')), false);
  assert.equal(hasExpired(upload, new Date('2026-11-28T10:00:00.000Z')), true);
});
