import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { ApiClient } from '../../../src/client/api-client.ts';
import { readLog } from '../../../src/client/follow-log.ts';
import { serveOnLoopback } from '../../support/serve-on-loopback.ts';

const { signal } = new AbortController();
const attempt = '0b5f1f0e-6d5c-4a43-9d35-2d0e6f6b7a11';

/** What is written of a log that is sent in these answers, and what was asked for. */
async function read(t: TestContext, answers: ((response: ServerResponse) => void)[]) {
  const asked: URLSearchParams[] = [];
  const address = await serveOnLoopback(t, (request, response) => {
    asked.push(new URL(request.url ?? '', 'http://localhost').searchParams);
    request.resume();
    response.setHeader('x-log-attempt', attempt);
    answers[asked.length - 1]?.(response);
  });
  const backOff = { firstMillis: 1, maxMillis: 5 };
  const patience = { millis: 10_000, backOff, onWait: () => undefined };
  await using client = new ApiClient({ address, key: undefined, patience });
  const written: Buffer[] = [];
  const query = { id: 'flow-a', follow: true, timestamps: false, tailLines: '5' };
  async function write(bytes: Buffer): Promise<void> {
    written.push(bytes);
    await Promise.resolve();
  }
  await readLog(client, { ...query, write }, signal);
  return {
    text: Buffer.concat(written).toString('latin1'),
    asked: asked.map((one) => Object.fromEntries(one)),
  };
}

test('a log that breaks off is continued after its last line, of the same attempt, without a repeat', async (t) => {
  const { text, asked } = await read(t, [
    (response) =>
      response.write('01Z no time\n2026-11-28T12:00:01Z a\n2026-11-28T12:00:01Z \xff\n2026', 'latin1', () =>
        response.destroy(),
      ),
    (response) => response.writeHead(503).end(),
    (response) =>
      response.end('2026-11-28T12:00:01Z a\n2026-11-28T12:00:01Z \xff\n2026-11-28T12:00:02Z b', 'latin1'),
  ]);
  assert.equal(text, '01Z no time\na\n\xff\nb');
  const base = { follow: 'true', timestamps: 'true' };
  const continued = { ...base, attempt, sinceTime: '2026-11-28T12:00:01Z' };
  assert.deepEqual(asked, [{ ...base, tailLines: '5' }, continued, continued]);
});

test('last lines without times do not follow those that were written before', async (t) => {
  const { text } = await read(t, [
    (response) => response.write('2026-11-28T12:00:01Z a\n', () => response.destroy()),
    (response) => response.setHeader('x-log-source', 'record').end('a\n'),
  ]);
  assert.equal(text, 'a\n');
});
