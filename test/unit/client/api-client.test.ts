import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { readAddress } from '../../../src/client/address.ts';
import { ApiClient } from '../../../src/client/api-client.ts';
import { listJobs, startJob } from '../../../src/client/jobs.ts';
import { freePort } from '../../../src/demo/free-port.ts';
import { serveOnLoopback } from '../../support/serve-on-loopback.ts';

const signal = new AbortController().signal;
const backOff = { firstMillis: 1, maxMillis: 5 };

function clientOf(t: TestContext, address: string, { millis = 10_000, key = 'secret' } = {}) {
  const waits: string[] = [];
  const patience = { millis, backOff, onWait: (problem: string) => waits.push(problem) };
  const client = new ApiClient({ address, key, patience });
  t.after(() => client[Symbol.asyncDispose]());
  return { client, waits };
}

/** The last answer is repeated. */
async function serve(t: TestContext, answers: ((response: ServerResponse) => void)[]) {
  const requests: IncomingMessage[] = [];
  const address = await serveOnLoopback(t, (request, response) => {
    requests.push(request);
    request.resume();
    (answers[requests.length - 1] ?? answers.at(-1))?.(response);
  });
  return { address, requests };
}

function sendJob(response: ServerResponse): void {
  response.end('{"id": "flow-a"}');
}

test('a start is repeated with its key after a lost connection, a busy service and an answer that breaks off', async (t) => {
  const { address, requests } = await serve(t, [
    (response) => response.destroy(),
    (response) => response.writeHead(503).end('{"detail": "busy"}'),
    (response) => {
      response.writeHead(202, { 'content-length': '20' });
      response.write('{"id"', () => response.destroy());
    },
    sendJob,
  ]);
  const { client, waits } = clientOf(t, address);
  assert.equal((await startJob(client, { template: 'echo' }, signal)).id, 'flow-a');
  assert.equal(requests.length, 4);
  await startJob(client, { template: 'echo' }, signal);
  const sent = requests.map(({ headers }) => headers['idempotency-key']);
  assert.deepEqual([new Set(sent.slice(0, 4)).size, new Set(sent).size], [1, 2]);
  assert.ok(requests.every(({ headers }) => headers.authorization === 'Bearer secret'));
  assert.equal(waits.length, 1);
});

test('an address at which nobody answers is an error at once; a service that stays away is one when the time is over', async (t) => {
  const { client, waits } = clientOf(t, `http://127.0.0.1:${await freePort()}`);
  await assert.rejects(client.json({ path: '/jobs' }, signal), {
    code: 'unavailable',
    message: /ECONNREFUSED/,
  });
  assert.deepEqual(waits, []);
  const { address } = await serve(t, [(response) => response.writeHead(502).end('<html>bad gateway')]);
  const impatient = clientOf(t, address, { millis: 20 });
  await assert.rejects(impatient.client.json({ path: '/jobs' }, signal), {
    code: 'unavailable',
    message: `${address} answers 502: <html>bad gateway`,
  });
});

test('a refusal is not repeated, and says what the service says without control characters', async (t) => {
  const problem = JSON.stringify({ detail: 'template: expected one of \u001b[2Jecho' });
  const { address, requests } = await serve(t, [(response) => response.writeHead(404).end(problem)]);
  const { client } = clientOf(t, address);
  await assert.rejects(client.json({ path: '/x' }, signal), {
    message: 'template: expected one of \\u001b[2Jecho (404)',
  });
  assert.equal(requests.length, 1);
});

test('a key goes to the given address alone: no redirect is followed, and only the path of an address in an answer is used', async (t) => {
  const elsewhere = await serve(t, [sendJob]);
  const { address } = await serve(t, [
    (response) => response.writeHead(307, { location: `${elsewhere.address}/api/v1/jobs` }).end(),
  ]);
  const { client } = clientOf(t, address);
  await assert.rejects(client.json({ path: '/jobs' }, signal), /redirect \(307\)/);
  assert.equal(elsewhere.requests.length, 0);
  assert.equal(
    client.pathOf(`${elsewhere.address}/base/api/v1/jobs/a/results/files/b%2Fapi`),
    '/jobs/a/results/files/b%2Fapi',
  );
  assert.throws(() => client.pathOf('https://jobs.example.org/elsewhere'), /expected an address below/);
});

test('an address that has answered is tried again when nobody is there', async (t) => {
  const server = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { client, waits } = clientOf(t, `http://127.0.0.1:${port}`, { millis: 20 });
  await client.json({ path: '/jobs' }, signal);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  await assert.rejects(client.json({ path: '/jobs' }, signal), { code: 'unavailable' });
  assert.equal(waits.length, 1);
});

for (const status of [401, 403]) {
  test(`${status} names the variable that holds the key`, async (t) => {
    const { address } = await serve(t, [(response) => response.writeHead(status).end()]);
    await assert.rejects(clientOf(t, address).client.json({ path: '/jobs' }, signal), /Set EDC_JP_API_KEY/);
  });
}

test('an answer that is not JSON asks for the address', async (t) => {
  const { address } = await serve(t, [(response) => response.end('<!doctype html>')]);
  await assert.rejects(
    clientOf(t, address).client.json({ path: '/jobs' }, signal),
    /is this the address of the service/,
  );
});

test('an abort ends the pause between attempts, and an attempt unless that has to finish', async (t) => {
  const hanging = await serve(t, [() => undefined]);
  const aborted = new AbortController();
  const { client } = clientOf(t, hanging.address);
  const waiting = client.json({ path: '/jobs' }, aborted.signal);
  aborted.abort(new Error('ended by SIGINT'));
  await assert.rejects(waiting, /ended by SIGINT/);

  const late = new AbortController();
  const { address } = await serve(t, [
    (response) => {
      late.abort(new Error('ended by SIGINT'));
      sendJob(response);
    },
  ]);
  assert.equal((await startJob(clientOf(t, address).client, { template: 'echo' }, late.signal)).id, 'flow-a');
});

test('pages are read, also short and empty ones, until there are enough jobs', async (t) => {
  const pages = [
    { items: [{ id: 'a' }], next: 'n1' },
    { items: [], next: 'n2' },
    { items: [{ id: 'b' }, { id: 'c' }], next: 'n3' },
  ];
  const { address, requests } = await serve(
    t,
    pages.map((page) => (response: ServerResponse) => response.end(JSON.stringify(page))),
  );
  const { client } = clientOf(t, address);
  const jobs = await listJobs(client, { filters: { state: 'failed' }, limit: 2 }, signal);
  assert.deepEqual(
    jobs.map(({ id }) => id),
    ['a', 'b'],
  );
  const queries = requests.map(({ url = '' }) => url.slice(url.indexOf('?')));
  assert.deepEqual(queries, [
    '?state=failed&limit=2',
    '?state=failed&limit=2&cursor=n1',
    '?state=failed&limit=2&cursor=n2',
  ]);
});

test('an address may have a path, and needs http or https, and no user, query or fragment', () => {
  const source = '--url';
  assert.equal(readAddress({ source, text: 'https://a.example/base/' }), 'https://a.example/base');
  for (const text of [
    'a.example',
    'ftp://a.example',
    'https://u:p@a.example',
    'https://a.example?b',
    'https://a.example#b',
  ])
    assert.throws(() => readAddress({ source, text }), /^ServiceError: --url: expected an address/);
});
