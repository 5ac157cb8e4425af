import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { putJsonOnce, putObject } from '../../../../src/storage/upload/put-object.ts';
import { createSender, type Sender } from '../../../../src/storage/upload/send-request.ts';
import type { StoreAccess } from '../../../../src/storage/upload/ask-store.ts';
import { startFaultyProxy, type FaultyProxy } from '../../../support/faulty-proxy.ts';
import { openTestStore, readObject, type TestStore } from '../../../support/test-store.ts';

let store: TestStore;
let proxy: FaultyProxy;
let sender: Sender;
before(async () => {
  store = await openTestStore();
  proxy = await startFaultyProxy(store.endpoint);
  sender = createSender({ endpoint: proxy.url, timeoutMillis: 5_000, connections: 2 });
});
after(async () => {
  sender.close();
  await proxy[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

function access(): StoreAccess {
  const credentials = { read: () => store.keys, forget: () => undefined };
  const retry = { firstMillis: 1, maxMillis: 5 };
  return { sender, credentials, region: store.region, bucket: store.bucket, retry };
}
function payload(text: string): { bytes: Buffer; crc32: number } {
  return { bytes: Buffer.from(text), crc32: crc32(text) };
}
const { signal } = new AbortController();

test('a lost answer to a put that happens once is no conflict with itself', async () => {
  let lost = 0;
  proxy.fault = ({ method }) =>
    method === 'PUT' && lost++ === 0 ? { kind: 'reset', when: 'after' } : undefined;
  const etag = await putJsonOnce(access(), { key: 'once', payload: payload('{"a":1}') }, signal);
  assert.equal((await store.client.statObject(store.bucket, 'once')).etag, etag);
  assert.ok(lost > 1, 'the put was repeated');
});

test('a second object under the same key is refused and the first one stays', async () => {
  proxy.fault = () => undefined;
  await putJsonOnce(access(), { key: 'twice', payload: payload('{"first":true}') }, signal);
  const second = putJsonOnce(access(), { key: 'twice', payload: payload('{"second":true}') }, signal);
  await assert.rejects(second, { code: 'precondition-failed' });
  assert.equal((await readObject(store, 'twice')).toString(), '{"first":true}');
});

test('bytes that do not match their checksum are never stored', async () => {
  proxy.fault = () => undefined;
  const over = new AbortController();
  const retry = {
    ...access().retry,
    onFailure: () => {
      over.abort();
    },
  };
  const wrong = { bytes: Buffer.from('abc'), crc32: crc32('abd') };
  await assert.rejects(
    putObject({ ...access(), retry }, { key: 'wrong', payload: wrong }, over.signal),
    /refused to store wrong: 400/,
  );
  await assert.rejects(store.client.statObject(store.bucket, 'wrong'));
});

test('a bucket that is gone is told by its name', async () => {
  proxy.fault = () => undefined;
  const elsewhere = { ...access(), bucket: 'no-such-bucket-here' };
  await assert.rejects(putObject(elsewhere, { key: 'a', payload: payload('a') }, signal), {
    code: 'bucket-missing',
  });
});
