import assert from 'node:assert/strict';
import { hash, randomBytes, randomUUID } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { createReceptionSlots } from '../../../src/inbox/reception-slots.ts';
import { uploadsPrefix } from '../../../src/flow/keys.ts';
import { createCompletions } from '../../../src/uploads/completions.ts';
import { completePresigned } from '../../../src/uploads/complete-presigned.ts';
import {
  partCountOf,
  removePresigned,
  startPresigned,
  type PresignedUpload,
} from '../../../src/uploads/presigned-upload.ts';
import type { UploadParts } from '../../../src/uploads/receive-upload.ts';
import { readUpload } from '../../../src/uploads/stored-upload.ts';
import { openStoreAccess } from '../../support/store-access.ts';

const { signal } = new AbortController();
const partBytes = 8 * 1024 * 1024;
const file = randomBytes(partBytes + 3);
const sha256 = hash('sha256', file);

async function open(t: TestContext) {
  const { store, uploads } = await openStoreAccess(t);
  const limits = {
    ...{ maxBytes: 1, maxPresignedBytes: 2 * partBytes },
    ...{ idleMillis: 60_000, totalMillis: 60_000, keepMillis: 60_000 },
  };
  const times = { clock: systemClock, now: () => new Date() };
  const parts: UploadParts = { store, uploads, limits, ...times, newId: randomUUID };
  async function start(size = file.length, declared?: string): Promise<PresignedUpload> {
    const said = declared === undefined ? {} : { sha256: declared };
    const wanted = { name: 'x', mediaType: 'video/mp4', caller: 'ann', size, ...said };
    return await startPresigned(parts, wanted, signal);
  }
  async function send(upload: PresignedUpload, bytes = file): Promise<void> {
    const { uploadId, partSize } = upload;
    for (let number = 1; number <= partCountOf(upload); number += 1) {
      const key = `${uploadsPrefix}${upload.id}/content`;
      const url = await store.presignPart({ key, uploadId, number, expirySeconds: 60 });
      const body = bytes.subarray((number - 1) * partSize, number * partSize);
      const { status } = await fetch(url, { method: 'PUT', body });
      assert.equal(status, 200);
    }
  }
  async function assertNothingIsLeft(): Promise<void> {
    for await (const { key } of store.list(uploadsPrefix, signal)) assert.fail(key);
    assert.equal(await store.abortUploads(uploadsPrefix, signal), 0);
  }
  return { parts, start, send, assertNothingIsLeft };
}

test('a completion that ended anywhere is continued by the next one', async (t) => {
  const { parts, start, send } = await open(t);
  const upload = await start(file.length, sha256);
  await send(upload);
  const { store } = parts;
  const failing: UploadParts = {
    ...parts,
    store: { ...store, get: () => Promise.reject(new Error('the store is away')) },
  };
  await assert.rejects(completePresigned(failing, upload, signal), /away/);
  assert.equal(await readUpload(store, upload.id, signal), undefined);
  const stored = await completePresigned(parts, upload, signal);
  assert.deepEqual([stored.size, stored.sha256], [file.length, sha256]);
  assert.deepEqual(await readUpload(store, upload.id, signal), stored);
  // A third one reads nothing.
  assert.deepEqual(await completePresigned(failing, upload, signal), stored);
});

test('other bytes than the client has said leave nothing', async (t) => {
  const { parts, start, send, assertNothingIsLeft } = await open(t);
  const upload = await start(file.length, hash('sha256', 'other'));
  await send(upload);
  await assert.rejects(completePresigned(parts, upload, signal), {
    code: 'invalid-request',
    field: 'sha256',
  });
  await assertNothingIsLeft();
  await assert.rejects(completePresigned(parts, upload, signal), { code: 'not-found' });
});

test('an upload that is deleted while it is read does not come back', async (t) => {
  const { parts, start, send, assertNothingIsLeft } = await open(t);
  const upload = await start();
  await send(upload);
  const { store } = parts;
  const deleting: UploadParts = {
    ...parts,
    store: {
      ...store,
      async get(key, part, until) {
        const body = await store.get(key, part, until);
        async function* read(): AsyncGenerator<Buffer> {
          yield* body;
          await removePresigned(parts, upload, signal);
        }
        return read();
      },
    },
  };
  await assert.rejects(completePresigned(deleting, upload, signal), { code: 'not-found' });
  await assertNothingIsLeft();
});

test('a start whose record cannot be written leaves nothing', async (t) => {
  const { parts, assertNothingIsLeft } = await open(t);
  const { sender } = parts.uploads;
  const refusing: UploadParts = {
    ...parts,
    uploads: {
      ...parts.uploads,
      sender: {
        ...sender,
        send: (request, until) =>
          request.path.includes('presigned.json')
            ? Promise.resolve({ status: 400, headers: {}, body: '' })
            : sender.send(request, until),
      },
    },
  };
  const wanted = { name: 'x', mediaType: 'video/mp4', caller: 'ann', size: 1 };
  await assert.rejects(startPresigned(refusing, wanted, signal), { code: 'store-refused' });
  await assertNothingIsLeft();
});

test('completions of one upload at once are one reading, which goes on without those that wait', async (t) => {
  const { parts, start, send } = await open(t);
  const upload = await start();
  await send(upload);
  const { store } = parts;
  const reading = Promise.withResolvers<undefined>();
  let readings = 0;
  const slow: typeof store = {
    ...store,
    async get(...wanted) {
      readings += 1;
      await reading.promise;
      return await store.get(...wanted);
    },
  };
  const inputFiles = { ...parts, store: slow, slots: createReceptionSlots(1, 'uploads.concurrency') };
  const completions = createCompletions({ inputFiles, stopping: signal });
  assert.equal(await completions.complete(upload, 1), undefined);
  const repeats = [completions.complete(upload, 60_000), completions.complete(upload, 60_000)];
  const other = await start();
  await assert.rejects(completions.complete(other, 60_000), { code: 'unavailable' });
  reading.resolve(undefined);
  for (const stored of await Promise.all(repeats)) assert.equal(stored?.sha256, sha256);
  assert.equal(readings, 1);
});
