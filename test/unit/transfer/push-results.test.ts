import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createServerCertificate } from 'embedded-kubernetes/certificate';
import { pushResults } from '../../../src/transfer/push-results.ts';
import { readTar, readZip } from '../result/archive/read-archive.ts';
import { large, PauseClock, pushOf, signal, storedResults } from './pushes.ts';
import { startSink, take } from './sinks.ts';

test('one file arrives whole, with its length, type, name and digest', async (t) => {
  const results = await storedResults(t, { 'out/täglich.csv': large });
  const sink = await startSink(t, take);
  const progress: number[] = [];
  const clock = new PauseClock();
  const push = pushOf(results, {
    sink: { url: `${sink.url}?flow=1`, headers: { Authorization: 'Bearer abc' } },
    onProgress: (bytes) => progress.push(bytes),
    clock,
  });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: large.length, attempts: 1 });
  assert.equal(sink.requests.length, 1);
  const received = sink.requests[0] ?? assert.fail();
  assert.ok(received.body?.equals(large));
  assert.equal(received.method, 'POST');
  assert.equal(received.path, '/inbox?flow=1');
  const { headers } = received;
  assert.equal(headers['content-length'], String(large.length));
  assert.equal(headers['transfer-encoding'], undefined);
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8');
  assert.match(String(headers['content-disposition']), /^attachment;.*t%C3%A4glich\.csv/);
  assert.equal(headers['repr-digest'], `sha-256=:${hash('sha256', large, 'base64')}:`);
  assert.equal(headers.authorization, 'Bearer abc');
  assert.equal(progress.at(-1), large.length);
  assert.deepEqual(
    progress,
    progress.toSorted((one, other) => one - other),
  );
  assert.equal(clock.sleeping, 0, 'no timer is left');
});

test('the sink chooses method, type and name, and cannot change how the request is framed', async (t) => {
  const results = await storedResults(t, { 'a.bin': Buffer.from('bytes') });
  const sink = await startSink(t, take);
  const headers = {
    'Content-Type': 'application/x-own',
    'content-length': '1',
    'Transfer-Encoding': 'chunked',
    'Upload-Complete': '?0',
    Host: 'elsewhere',
    'X-Own': 'yes',
  };
  const push = pushOf(results, {
    sink: { url: sink.url, method: 'PUT', headers },
    contentType: 'text/plain',
  });
  assert.equal((await pushResults(push, signal)).result, 'done');
  const [received] = sink.requests;
  assert.equal(received?.method, 'PUT');
  assert.equal(received.body?.toString(), 'bytes');
  assert.equal(received.headers['content-type'], 'application/x-own');
  assert.equal(received.headers['content-length'], '5');
  assert.equal(received.headers['upload-complete'], '?1');
  assert.equal(received.headers['x-own'], 'yes');
  assert.equal(`http://${String(received.headers.host)}/inbox`, sink.url);
});

test('the type that the template names is that of the file', async (t) => {
  const results = await storedResults(t, { 'a.bin': Buffer.from('bytes') });
  const sink = await startSink(t, take);
  const push = pushOf(results, { sink: { url: sink.url, headers: {} }, contentType: 'text/plain' });
  assert.equal((await pushResults(push, signal)).result, 'done');
  assert.equal(sink.requests[0]?.headers['content-type'], 'text/plain');
});

test('an empty file is a request without content', async (t) => {
  const results = await storedResults(t, { empty: Buffer.alloc(0) });
  const sink = await startSink(t, take);
  const push = pushOf(results, { sink: { url: sink.url, headers: {} } });
  assert.deepEqual(await pushResults(push, signal), { result: 'done', bytes: 0, attempts: 1 });
  assert.equal(sink.requests[0]?.body?.length, 0);
  assert.equal(sink.requests[0].headers['content-length'], '0');
});

const files = { 'a.bin': randomBytes(300_000), 'b/c': Buffer.from('c'), empty: Buffer.alloc(0) };

for (const { format, read } of [
  { format: 'zip' as const, read: readZip },
  { format: 'tar' as const, read: readTar },
]) {
  test(`several files arrive as one ${format} of the announced length`, async (t) => {
    const results = await storedResults(t, files);
    const sink = await startSink(t, take);
    const push = pushOf(results, {
      sink: { url: sink.url, headers: {} },
      choice: { kind: 'archive', archive: format },
    });
    const end = await pushResults(push, signal);
    const { body, headers } = sink.requests[0] ?? assert.fail();
    assert.deepEqual(end, { result: 'done', bytes: body?.length, attempts: 1 });
    assert.equal(headers['content-length'], String(body?.length));
    assert.equal(headers['repr-digest'], undefined);
    const entries = read(body ?? assert.fail());
    assert.deepEqual(
      entries.map(({ path }) => path),
      Object.keys(files),
    );
    assert.ok(entries.every(({ path, bytes }) => files[path as keyof typeof files].equals(bytes)));
  });
}

test('a chosen file that is not among the results fails without a request', async (t) => {
  const results = await storedResults(t, files);
  const sink = await startSink(t, take);
  const push = pushOf(results, {
    sink: { url: sink.url, headers: {} },
    choice: { kind: 'file', path: 'other' },
  });
  const end = await pushResults(push, signal);
  assert.equal(end.result, 'failed');
  assert.equal(sink.requests.length, 0);
});

test('only HTTPS sinks with a trusted certificate get the results', async (t) => {
  const results = await storedResults(t, { a: large });
  const { key, certificate } = createServerCertificate(new Date());
  const bodies: Buffer[] = [];
  const server = createServer({ key, cert: certificate }, (request, response) => {
    void buffer(request).then((body) => {
      bodies.push(body);
      response.end();
    });
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const sink = { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, headers: {} };
  const refused = await pushResults(pushOf(results, { sink }), signal);
  assert.equal(refused.result, 'interrupted');
  assert.match(refused.problem, /SELF_SIGNED/);
  assert.equal(bodies.length, 0);
  const trusted = getCACertificates();
  setDefaultCACertificates([...trusted, certificate]);
  t.after(() => {
    setDefaultCACertificates(trusted);
  });
  const end = await pushResults(pushOf(results, { sink }), signal);
  assert.equal(end.result, 'done');
  assert.ok(bodies[0]?.equals(large));
  assert.equal(bodies.length, 1);
});
