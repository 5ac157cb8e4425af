import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import { serveOnLoopback } from '../../support/serve-on-loopback.ts';

const { signal } = new AbortController();

/** A store that serves so many requests on each connection, and closes it instead of an answer to the next one. */
async function startClosingStore(t: TestContext, served: number) {
  const connections = new Map<Socket, number>();
  const requests: string[] = [];
  const endpoint = await serveOnLoopback(t, (request, response) => {
    const { socket, method = '' } = request;
    const earlier = connections.get(socket) ?? 0;
    connections.set(socket, earlier + 1);
    requests.push(method);
    request.resume().once('end', () => {
      if (earlier >= served) socket.destroy();
      else response.writeHead(200, { etag: '"e"', 'content-length': 0 }).end();
    });
  });
  const opened = createObjectStore(
    {
      endpoint,
      publicEndpoint: endpoint,
      region: 'us-east-1',
      bucket: 'bucket',
      requestTimeoutMillis: 30_000,
    },
    { accessKeyId: 'key', secretAccessKey: 'secret' },
  );
  t.after(() => {
    opened.destroy();
  });
  return { store: opened.store, requests, connections };
}

test('an operation whose idle connection the store has just closed is made on another one', async (t) => {
  const { store, requests, connections } = await startClosingStore(t, 1);
  await store.head('a', signal);
  assert.equal((await store.head('a', signal))?.etag, 'e');
  assert.equal((await store.read('a', 10, signal))?.etag, 'e');
  const put = { key: 'a', body: Buffer.from('body'), contentType: 'text/plain' };
  assert.deepEqual(await store.put(put, signal), { etag: 'e' });
  assert.deepEqual(requests, ['HEAD', 'HEAD', 'HEAD', 'GET', 'GET', 'PUT', 'PUT']);
  assert.equal(connections.size, 4);
});

test('an operation whose new connection the store closes fails, and is not repeated', async (t) => {
  const { store, requests } = await startClosingStore(t, 0);
  await assert.rejects(store.head('a', signal), { code: 'store-unavailable' });
  assert.deepEqual(requests, ['HEAD']);
});
