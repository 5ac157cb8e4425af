import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { ApiClient } from '../../../src/client/api-client.ts';
import { uploadFile } from '../../../src/client/upload-file.ts';
import { serveOnLoopback } from '../../support/serve-on-loopback.ts';

const { signal } = new AbortController();
const bytes = randomBytes(300_000);

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** The last answer is repeated. */
async function start(t: TestContext, answers: Answer[]) {
  const folder = await mkdtemp(join(tmpdir(), 'upload-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'scene é.bin');
  await writeFile(file, bytes);
  const requests: IncomingMessage[] = [];
  const address = await serveOnLoopback(t, (request, response) => {
    requests.push(request);
    void (answers[requests.length - 1] ?? answers.at(-1))?.(request, response);
  });
  const patience = { millis: 60_000, backOff: { firstMillis: 1, maxMillis: 5 }, onWait: () => undefined };
  const client = new ApiClient({ address, key: 'secret', patience });
  t.after(() => client[Symbol.asyncDispose]());
  return { client, file, requests };
}

async function store(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sent = await buffer(request);
  response.writeHead(201).end(JSON.stringify({ id: 'u', size: sent.length, sha256: hash('sha256', sent) }));
}

function answerWith(status: number, body = ''): Answer {
  return (_request, response) => {
    response.writeHead(status).end(body);
  };
}

test('a file is sent with its name and length, again after a busy service and a lost connection', async (t) => {
  const { client, file, requests } = await start(t, [
    answerWith(503),
    (request) => {
      request.socket.destroy();
    },
    store,
  ]);
  const { id, size, sha256 } = await uploadFile(client, file, signal);
  assert.deepEqual([id, size, sha256], ['u', bytes.length, hash('sha256', bytes)]);
  assert.equal(requests.length, 3);
  for (const { url, headers } of requests) {
    assert.equal(url, '/api/v1/uploads?name=scene%20%C3%A9.bin');
    assert.equal(headers['content-length'], String(bytes.length));
    assert.equal(headers.authorization, 'Bearer secret');
  }
});

test('a file that is refused, or of which other bytes are stored, is an error', async (t) => {
  const { client, file, requests } = await start(t, [
    answerWith(413, '{"detail": "expected at most 5 bytes"}'),
    async (request, response) => {
      await buffer(request);
      response.writeHead(201).end(JSON.stringify({ id: 'u', sha256: hash('sha256', 'other') }));
    },
  ]);
  await assert.rejects(uploadFile(client, file, signal), /expected at most 5 bytes \(413\)/);
  await assert.rejects(uploadFile(client, file, signal), /expected the sha256/);
  assert.equal(requests.length, 2);
  await assert.rejects(uploadFile(client, `${file}.missing`, signal), /ENOENT/);
});
