import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { sendAnswer } from '../../src/http/respond.ts';
import { createSegmentWriter, type Segment } from '../../src/content/segments.ts';

test('an object of many parts is streamed with as few listeners as an object of one', async () => {
  const few = await sendParts(1);
  const many = await sendParts(20);
  assert.equal(many.body, Array.from({ length: 20 }, (_, part) => `part ${part};`).join(''));
  assert.deepEqual(many.listeners, few.listeners);
});

/** Sends so many parts, and counts the listeners of the response when all is sent. */
async function sendParts(parts: number): Promise<{ body: string; listeners: Record<string, number> }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'respond-'));
  const segments: Segment[] = [];
  for (let part = 0; part < parts; part += 1) {
    const writer = createSegmentWriter(directory);
    await writer.write(Buffer.from(`part ${part};`));
    segments.push(...(await writer.finish()));
  }
  const end = segments.reduce((sum, { size }) => sum + size, 0);
  const answer = {
    status: 200,
    headers: { 'content-length': String(end) },
    body: { segments, start: 0, end },
  };
  const sent = Promise.withResolvers<Record<string, number>>();
  const server = createServer((_request, response) => {
    sendAnswer(response, answer).then(() => {
      sent.resolve(countListeners(response));
    }, sent.reject);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const [body, listeners] = await Promise.all([text(response), sent.promise]);
  server.close();
  await rm(directory, { recursive: true, force: true });
  return { body, listeners };
}

function countListeners(response: ServerResponse): Record<string, number> {
  return Object.fromEntries(
    response.eventNames().map((name) => [String(name), response.listenerCount(name)]),
  );
}
