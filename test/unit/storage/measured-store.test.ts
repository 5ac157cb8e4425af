import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../../src/metrics.ts';
import { measureSender, measureStore } from '../../../src/storage/measured-store.ts';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import { createSender } from '../../../src/storage/upload/send-request.ts';
import { openTestStore } from '../../support/test-store.ts';

const contentType = 'text/plain';

function patience(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Lines of the metrics of the store, without the buckets. */
async function linesOf(metrics: ReturnType<typeof createMetrics>): Promise<string[]> {
  const lines = (await metrics.scrape()).split('\n');
  return lines.filter((line) => /^edc_jp_store_(errors|bytes|operation_seconds_count)/.test(line));
}

test('each operation is counted once, with the bytes of the objects', async () => {
  await using server = await openTestStore();
  const { endpoint, region, bucket, keys } = server;
  const settings = { endpoint, publicEndpoint: endpoint, region, bucket, requestTimeoutMillis: 10_000 };
  const metrics = createMetrics({ processMetrics: false });
  const opened = createObjectStore(settings, keys);
  try {
    const store = measureStore(opened.store, metrics);
    const { etag } = await store.put({ key: 'a', body: Buffer.alloc(10), contentType }, patience());
    await store.put({ key: 'b', body: Buffer.alloc(5), contentType }, patience());
    assert.equal((await store.head('a', patience()))?.size, 10);
    assert.equal((await store.read('b', 100, patience()))?.bytes?.length, 5);
    const part = await store.get('a', { first: 2, last: 5, etag }, patience());
    assert.equal(
      (await collect(part)).reduce((sum, { length }) => sum + length, 0),
      4,
    );
    assert.equal((await collect(store.list('', patience()))).length, 2);
    for await (const { key } of store.list('', patience())) if (key === 'a') break;
    await store.remove(['a', 'b'], patience());
    await store.check(patience());
  } finally {
    opened.destroy();
  }
  assert.deepEqual((await linesOf(metrics)).sort(), [
    'edc_jp_store_bytes_total{direction="received"} 9',
    'edc_jp_store_bytes_total{direction="sent"} 15',
    'edc_jp_store_operation_seconds_count{operation="check"} 1',
    'edc_jp_store_operation_seconds_count{operation="get"} 1',
    'edc_jp_store_operation_seconds_count{operation="head"} 1',
    'edc_jp_store_operation_seconds_count{operation="list"} 2',
    'edc_jp_store_operation_seconds_count{operation="put"} 2',
    'edc_jp_store_operation_seconds_count{operation="read"} 1',
    'edc_jp_store_operation_seconds_count{operation="remove"} 1',
  ]);
});

const nowhere = {
  ...{ endpoint: 'http://127.0.0.1:1', publicEndpoint: 'http://127.0.0.1:1' },
  ...{ region: 'us-east-1', bucket: 'b', requestTimeoutMillis: 1000 },
};

test('a store that is down is an error of its code, one that nobody waits for is not', async () => {
  const metrics = createMetrics({ processMetrics: false });
  const opened = createObjectStore(nowhere, { accessKeyId: 'a', secretAccessKey: 'b' });
  try {
    const store = measureStore(opened.store, metrics);
    await assert.rejects(store.check(patience()), { code: 'store-unavailable' });
    await assert.rejects(collect(store.list('', patience())), { code: 'store-unavailable' });
    await assert.rejects(store.check(AbortSignal.abort(new Error('the client has gone'))));
    await assert.rejects(store.head('a', AbortSignal.abort(new DOMException('late', 'TimeoutError'))));
  } finally {
    opened.destroy();
  }
  const errors = (await linesOf(metrics)).filter((line) => line.includes('errors'));
  assert.deepEqual(errors.sort(), [
    'edc_jp_store_errors_total{operation="check",code="aborted"} 1',
    'edc_jp_store_errors_total{operation="check",code="store-unavailable"} 1',
    'edc_jp_store_errors_total{operation="head",code="store-unavailable"} 1',
    'edc_jp_store_errors_total{operation="list",code="store-unavailable"} 1',
  ]);
});

test('what the service stores itself is counted with its bytes', async () => {
  await using server = await openTestStore();
  const metrics = createMetrics({ processMetrics: false });
  const { endpoint } = server;
  const sender = measureSender(createSender({ endpoint, timeoutMillis: 10_000, connections: 1 }), metrics);
  try {
    const request = { method: 'PUT', path: '/b/k', headers: {}, body: Buffer.alloc(12) };
    const { status } = await sender.send(request, patience());
    assert.equal(status, 403, 'it is not signed');
  } finally {
    sender.close();
  }
  assert.deepEqual(await linesOf(metrics), [
    'edc_jp_store_operation_seconds_count{operation="upload"} 1',
    'edc_jp_store_bytes_total{direction="sent"} 12',
  ]);
});
