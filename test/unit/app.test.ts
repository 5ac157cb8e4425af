import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startService } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/log.ts';
import { signResultToken } from '../../src/result/result-token.ts';
import { startTestApi } from '../support/api-server.ts';
import { openTestStore } from '../support/test-store.ts';
import { waitUntil } from '../support/wait-until.ts';
import { attempt, flow, sidecarWrites } from './result/stored-results.ts';
import { makeTemplates } from './template/template-folder.ts';

const token = randomBytes(24).toString('hex');
const resultKey = '0'.repeat(32);
const callbackAddress = 'http://connector.test/callback';

/** The whole service in this process, on an API server without controllers and the embedded store. */
async function startApp(t: TestContext, more: Record<string, string> = {}) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const api = stack.use(await startTestApi());
  const store = stack.use(await openTestStore());
  const templates = stack.use(await makeTemplates({}));
  const { config, secrets } = loadConfig({
    env: {
      EDC_JP_HTTP_HOST: '127.0.0.1',
      EDC_JP_HTTP_PORT: '0',
      EDC_JP_HTTP_DRAIN_MILLIS: '0',
      EDC_JP_CLUSTER_KUBECONFIG: api.kubeconfig,
      EDC_JP_CLUSTER_NAMESPACE: 'jobs',
      EDC_JP_STORE_ENDPOINT: store.endpoint,
      EDC_JP_STORE_BUCKET: store.bucket,
      EDC_JP_TEMPLATES_DIRECTORY: templates.directory,
      EDC_JP_CONNECTORS: JSON.stringify([{ name: 'provider', callbackPrefix: callbackAddress }]),
      STORE_ACCESS_KEY_ID: store.keys.accessKeyId,
      STORE_SECRET_ACCESS_KEY: store.keys.secretAccessKey,
      RESULT_KEYS: `test:${resultKey}`,
      CONNECTOR_PROVIDER_TOKENS: token,
      CONNECTOR_PROVIDER_KEY: 'the-management-key',
      ...more,
    },
  });
  const service = await startService({ config, secrets, version: 'test', log: createLogger('silent') });
  stack.defer(() => service.kill());
  return { api, store, port: service.port };
}

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

/** More than one pool of connections to the store has. */
const readers = 66;

test(
  'a request is accepted while more readers than there are connections pause in the middle of an archive',
  { timeout: 300_000 },
  async (t) => {
    const { api, store, port } = await startApp(t);
    const small = Buffer.alloc(1024 * 1024, 's');
    const written = sidecarWrites({ a: Buffer.alloc(8 * 1024 * 1024, 'l'), b: small, c: small, d: small });
    for (const [key, bytes] of written.objects) await store.client.putObject(store.bucket, key, bytes);
    const notAfter = Math.floor(Date.now() / 1000) + 3600;
    const grant = signResultToken({ flow, attempt, notAfter }, [{ id: 'test', key: resultKey }]);
    const path = `/results/${flow}/${grant}/archive.zip`;
    const paused = await Promise.all(Array.from({ length: readers }, () => pauseDownload(t, port, path)));

    const answer = await fetch(`http://127.0.0.1:${port}/connectors/provider/${token}/provision`, {
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
