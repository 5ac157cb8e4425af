import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createSender, type Sender } from '../../../../src/storage/upload/send-request.ts';

async function senderTo(t: TestContext, answer: RequestListener, timeoutMillis = 60_000): Promise<Sender> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sender = createSender({ endpoint, timeoutMillis, connections: 2 });
  t.after(() => {
    sender.close();
    server.closeAllConnections();
    server.close();
  });
  return sender;
}

const request = { method: 'PUT', path: '/', headers: { 'content-length': 1 }, body: Buffer.from('x') };
const { signal } = new AbortController();

test('answers whatever the status is', async (t) => {
  const sender = await senderTo(t, (_, response) => response.writeHead(418, { etag: '"e"' }).end('body'));
  const { status, headers, body } = await sender.send(request, signal);
  assert.deepEqual({ status, etag: headers.etag, body }, { status: 418, etag: '"e"', body: 'body' });
});

test('gives up a server that says nothing', async (t) => {
  const sender = await senderTo(t, () => undefined, 50);
  await assert.rejects(sender.send(request, signal), {
    code: 'store-unavailable',
    message: /nothing was heard for 50 ms/,
  });
});

test('takes an answer that ends early for none', async (t) => {
  const sender = await senderTo(t, (_, response) => {
    response.writeHead(200, { 'content-length': '10' });
    response.write('half', () => response.destroy());
  });
  await assert.rejects(sender.send(request, signal), { code: 'store-unavailable' });
});

test('does not read an answer without end', async (t) => {
  const sender = await senderTo(t, (_, response) => {
    response.on('error', () => undefined);
    const chunk = Buffer.alloc(1024 * 1024);
    function more(): void {
      if (!response.destroyed) response.write(chunk, more);
    }
    more();
  });
  await assert.rejects(sender.send(request, signal), { code: 'store-unavailable', message: /longer than/ });
});

test('ends with its signal', async (t) => {
  const over = new AbortController();
  const sender = await senderTo(t, () => {
    over.abort();
  });
  await assert.rejects(sender.send(request, over.signal), { code: 'store-unavailable' });
});
