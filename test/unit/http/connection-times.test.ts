import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { memoryLog } from '../../support/memory-log.ts';
import { askRaw, readReplies } from './ask-raw.ts';
import { ask, provisionBody, startHttp, token } from './start-http.ts';

/** A limit that does not hold would keep a connection for half a minute and more: the test would not end in time. */
const inTime = { timeout: 20_000 };
const quick = { headers: 100, check: 20, linger: 100 };
const path = `/connectors/edc/${token}/provision`;

test('a connection on which nothing comes is closed', inTime, async (t) => {
  const { port } = await startHttp(t, { times: quick });
  assert.equal((await askRaw(port, '')).includes('200'), false);
});

test('a head that comes letter by letter is cut off with 408', inTime, async (t) => {
  const { port } = await startHttp(t, { times: quick });
  const socket = connect(port, '127.0.0.1');
  const drip = setInterval(() => socket.write('x'), 10);
  t.after(() => {
    clearInterval(drip);
  });
  let text = '';
  socket.on('error', () => undefined).on('data', (part: Buffer) => (text += part.toString()));
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nX: ');
  await new Promise((resolve) => socket.once('close', resolve));
  assert.equal(readReplies(text)[0]?.status, 408);
});

for (const { name, where } of [
  { name: 'a wrong token', where: '/connectors/edc/wrong/provision' },
  { name: 'a path that no route has', where: '/nowhere' },
  { name: 'a GET with a body', where: '/health/live' },
]) {
  test(`a body that does not end is not waited for once its answer is out: ${name}`, inTime, async (t) => {
    // Longer than the test may take: only the answer ends this connection.
    const { port } = await startHttp(t, { times: { ...quick, headers: 60_000 } });
    const method = where === '/health/live' ? 'GET' : 'POST';
    const text = await askRaw(
      port,
      `${method} ${where} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{`,
    );
    assert.equal(readReplies(text)[0]?.status, method === 'GET' ? 200 : 404);
  });
}

test('a connection whose body came after its answer is used again', inTime, async (t) => {
  const { port } = await startHttp(t, { times: { ...quick, linger: 60_000 } });
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let text = '';
  const answered = Promise.withResolvers<undefined>();
  socket.on('data', (part: Buffer) => {
    if (text === '') socket.write('{}GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    text += part.toString();
  });
  socket.once('close', () => {
    answered.resolve(undefined);
  });
  socket.write('POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n');
  await answered.promise;
  assert.deepEqual(
    readReplies(text).map(({ status }) => status),
    [404, 200],
  );
});

test('a connection that cannot be accepted does not end the process', async (t) => {
  const { log, entries } = memoryLog();
  const { port } = await startHttp(t, { log });
  const server = await serverAt(t, port);
  // As Node does when accept(2) fails.
  for (let failed = 0; failed < 3; failed += 1) server.emit('error', new Error('accept ENFILE'));
  assert.equal((await ask(port, path, { body: provisionBody() })).status, 200);
  assert.equal(entries('connection not accepted').length, 1);
});

/** Node's own server, found by a connection to it: other tests of this process may have theirs. */
async function serverAt(t: TestContext, port: number): Promise<Server> {
  const found = Promise.withResolvers<Server>();
  function onSocket(message: unknown): void {
    const { socket } = message as { socket: Socket & { server: Server } };
    if (socket.localPort === port) found.resolve(socket.server);
  }
  subscribe('net.server.socket', onSocket);
  t.after(() => {
    unsubscribe('net.server.socket', onSocket);
  });
  await ask(port, '/health/live');
  return await found.promise;
}
