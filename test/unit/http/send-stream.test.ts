import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { Route } from '../../../src/http/route.ts';
import { sendStream, type SentStream } from '../../../src/http/send-stream.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { ask, serveRoutes } from './routes/serve-routes.ts';

async function serve(t: TestContext, stream: Omit<SentStream, 'contentType'>): Promise<number> {
  const route: Route = {
    method: 'GET',
    path: '/stream',
    access: 'everybody',
    deadline: 'exempt',
    operation: { operationId: 'stream', tag: 'service', summary: 's', parameters: {}, responses: {} },
    handle: (ctx) => sendStream(ctx, { contentType: 'text/plain', ...stream }),
  };
  return await serveRoutes(t, [route]);
}

async function open(port: number): Promise<IncomingMessage> {
  const client = request({ host: '127.0.0.1', port, path: '/stream', agent: false });
  client.on('error', () => undefined);
  client.end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

const block = Buffer.alloc(64 * 1024, 'x');

/** Without an end, and counted. */
function endless() {
  const state = { read: 0, closed: false };
  async function* chunks(): AsyncGenerator<Buffer, void> {
    try {
      for (;;) {
        state.read += 1;
        await new Promise(setImmediate);
        yield block;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, chunks: chunks() };
}

test('headers come before the first byte, and HEAD has nothing else', async (t) => {
  const gate = Promise.withResolvers<string>();
  async function* late(): AsyncGenerator<string, void> {
    yield await gate.promise;
  }
  const port = await serve(t, { chunks: late(), headers: { 'X-Log-Source': 'pod' } });
  const head = await ask({ port, path: '/stream', method: 'HEAD' });
  assert.deepEqual([head.status, head.headers['x-log-source'], head.body.length], [200, 'pod', 0]);
  const response = await open(port);
  assert.equal(response.headers['cache-control'], 'no-store, no-transform');
  gate.resolve('late');
  assert.equal((await response.setEncoding('utf8').toArray()).join(''), 'late');
});

test('a client that leaves ends the source', async (t) => {
  const { state, chunks } = endless();
  const response = await open(await serve(t, { chunks }));
  response.destroy();
  await waitUntil('the source is closed', () => state.closed);
});

test('a slow client is not read ahead for, and is left when it takes nothing for too long', async (t) => {
  const { state, chunks } = endless();
  const response = await open(await serve(t, { chunks, stallMillis: 200 }));
  response.pause();
  await waitUntil('it is closed', () => state.closed);
  // What the kernels of both ends hold.
  assert.ok(state.read < 500, `${state.read} blocks were read`);
});

test('a quiet stream is not stalled', async (t) => {
  const gate = Promise.withResolvers<string>();
  async function* quiet(): AsyncGenerator<string, void> {
    yield 'first';
    yield await gate.promise;
  }
  const port = await serve(t, { chunks: quiet(), stallMillis: 5 });
  const response = await open(port);
  const timeouts = once(response, 'data');
  await timeouts;
  // Several times as long as a stalled one may be.
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  gate.resolve('last');
  assert.equal((await response.setEncoding('utf8').toArray()).join(''), 'last');
});

test('an error in the middle breaks the connection, so that a part is not taken for the whole', async (t) => {
  async function* broken(): AsyncGenerator<string, void> {
    yield 'part';
    await Promise.reject(new Error('the source broke'));
  }
  const port = await serve(t, { chunks: broken() });
  await assert.rejects(ask({ port, path: '/stream' }), /aborted|ECONNRESET/);
});
