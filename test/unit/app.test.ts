import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { signResultToken } from '../../src/result/result-token.ts';
import { waitUntil } from '../support/wait-until.ts';
import { attempt, flow, sidecarWrites } from './result/stored-results.ts';
import { callbackAddress, resultKey, startApp, token } from './start-app.ts';

/** The head of the answer is read and nothing more. */
async function pauseDownload(t: TestContext, port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  const begun = Promise.withResolvers<string>();
  socket.once('data', (chunk) => {
    socket.pause();
    begun.resolve(chunk.toString('latin1', 0, 15));
  });
  socket.once('close', () => {
    begun.resolve('closed');
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: service\r\n\r\n`);
  assert.equal(await begun.promise, 'HTTP/1.1 200 OK');
  return socket;
}

function provision(port: number): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/connectors/provider/${token}/provision`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      type: 'provision',
      transferProcessId: 'process',
      resourceDefinitionId: 'definition',
      assetId: 'sample',
      callbackAddress,
    }),
  });
}

/** More than one pool of connections to the store has. */
const readers = 66;

test(
  'a request is accepted while more readers than there are connections pause in the middle of an archive',
  { timeout: 300_000 },
  async (t) => {
    const stack = new AsyncDisposableStack();
    t.after(() => stack.disposeAsync());
    const { api, store, port } = await startApp(stack);
    const small = Buffer.alloc(1024 * 1024, 's');
    const written = sidecarWrites({ a: Buffer.alloc(8 * 1024 * 1024, 'l'), b: small, c: small, d: small });
    for (const [key, bytes] of written.objects) await store.client.putObject(store.bucket, key, bytes);
    const notAfter = Math.floor(Date.now() / 1000) + 3600;
    const grant = signResultToken({ flow, attempt, notAfter }, [{ id: 'test', key: resultKey }]);
    const path = `/results/${flow}/${grant}/archive.zip`;
    const paused = await Promise.all(Array.from({ length: readers }, () => pauseDownload(t, port, path)));

    const answer = await provision(port);
    assert.equal(answer.status, 200, await answer.text());
    assert.deepEqual(
      paused.filter((socket) => socket.closed || !socket.isPaused()),
      [],
    );
    await waitUntil(
      'the Job is there',
      async () => (await api.cluster.jobs.list({}, t.signal)).items.length === 1,
    );
  },
);

test('a scrape shows flows, requests and the store of the service that runs', async (t) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const { port } = await startApp(stack);
  assert.equal((await provision(port)).status, 200);
  for (const series of [
    /^http_requests_total\{method="POST",route="\/connectors\/:connector\/:token\/provision",status="200"\} 1$/m,
    /^edc_jp_flows\{state="\w+",template="(?!other")[^"]+",reason="\w*"\} 1$/m,
    /^edc_jp_undelivered_flows\{connector="provider"\} 0$/m,
    /^edc_jp_store_operation_seconds_count\{operation="check"\} [1-9]/m,
    /^edc_jp_watch_silent_seconds\{kind="pods"\} \d/m,
  ])
    await waitUntil(`${series.source} is in the scrape`, async () =>
      series.test(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    );
});

test('a start names the file with authorities that cannot be read', async (t) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  await assert.rejects(startApp(stack, { EDC_JP_PODS_CA_FILE: '/nowhere/ca.pem' }), {
    code: 'invalid-config',
    message: /^pods\.caFile: .*\/nowhere\/ca\.pem is none: ENOENT/,
  });
});
