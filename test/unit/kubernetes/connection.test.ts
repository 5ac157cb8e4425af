import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createServerCertificate } from 'embedded-kubernetes/certificate';
import { isServiceError } from '../../../src/errors.ts';
import { connectCluster, type Cluster } from '../../../src/kubernetes/cluster.ts';
import { startTestApi } from '../../support/api-server.ts';
import { writeKubeconfig } from '../../support/kubeconfig.ts';

const { signal } = new AbortController();

interface Access {
  clusters: { name: string; cluster: object }[];
  users: { name: string; user: { token: string } }[];
  contexts: object[];
}

/** A kubeconfig beside a file `token`, which the returned function rewrites. */
async function connectByFile(
  t: TestContext,
  userOf: (folder: string) => object,
): Promise<{ cluster: Cluster; right: string; write: (token: string) => Promise<void> }> {
  const api = await startTestApi();
  t.after(() => api[Symbol.asyncDispose]());
  const admin = JSON.parse(await readFile(api.kubeconfig, 'utf8')) as Access;
  const [first] = admin.users;
  assert.ok(first !== undefined);
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  const users = [
    { name: 'another', user: { tokenFile: '/nowhere' } },
    { name: first.name, user: userOf(folder) },
  ];
  await writeFile(kubeconfig, JSON.stringify({ ...admin, users }));
  async function write(token: string): Promise<void> {
    await writeFile(join(folder, 'token'), token);
  }
  await write(first.user.token);
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 10_000 });
  t.after(() => cluster.close());
  return { cluster, right: first.user.token, write };
}

const rows = [
  { name: "a kubeconfig's tokenFile, relative to it", userOf: () => ({ tokenFile: 'token' }) },
  {
    name: 'the file of an auth-provider, as a pod has it',
    userOf: (folder: string) => ({
      'auth-provider': { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } },
    }),
  },
];

for (const { name, userOf } of rows) {
  test(`${name}: after a 401 the next request has what the file holds by then`, async (t) => {
    const { cluster, right, write } = await connectByFile(t, userOf);
    await write('revoked');
    await assert.rejects(cluster.checkVersion(signal), (error) =>
      isServiceError(error, 'cluster-unavailable'),
    );
    await write(right);
    await cluster.checkVersion(signal);
  });
}

/** A cluster whose API server answers as it is told to. */
async function connectTo(
  t: TestContext,
  answer: RequestListener,
  requestTimeoutMillis = 60_000,
): Promise<Cluster> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const kubeconfig = join(folder, 'kubeconfig');
  const { port } = server.address() as AddressInfo;
  await writeKubeconfig(kubeconfig, {
    server: `http://127.0.0.1:${port}`,
    user: { token: 'secret' },
    ca: undefined,
  });
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis });
  t.after(() => cluster.close());
  return cluster;
}

const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

test('what the API server has said to be done is done, though the rest of its answer does not come', async (t) => {
  const { configMaps } = await connectTo(t, (request, response) => {
    request.resume();
    response.writeHead(201, { 'content-type': 'application/json', 'content-length': 100 });
    response.write('{"kind":', () => response.destroy());
  });
  await configMaps.add(object, signal);
  await assert.rejects(configMaps.create(object, signal), (error) => {
    return isServiceError(error, 'cluster-unavailable') && /ended early/.test(error.message);
  });
});

test('an API server that does not answer in time is unavailable', async (t) => {
  const { configMaps } = await connectTo(t, (request) => request.resume(), 1);
  const calls = await Promise.allSettled([configMaps.add(object, signal), configMaps.create(object, signal)]);
  for (const call of calls) {
    assert.ok(call.status === 'rejected' && isServiceError(call.reason, 'cluster-unavailable'));
    assert.match(call.reason.message, /no answer within 1 ms/);
  }
});

/** An API server that closes the connections of the next requests instead of answering them. */
async function connectToClosing(
  t: TestContext,
  { closed }: { closed: number },
): Promise<{ cluster: Cluster; requests: string[] }> {
  const requests: string[] = [];
  const cluster = await connectTo(t, (request, response) => {
    requests.push(request.method ?? '');
    request.resume().once('end', () => {
      if (requests.length <= closed) request.socket.destroy();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(object));
    });
  });
  return { cluster, requests };
}

test('a read whose connection was closed is made once more', async (t) => {
  const { cluster, requests } = await connectToClosing(t, { closed: 1 });
  assert.equal((await cluster.configMaps.get('a', signal))?.metadata?.name, 'a');
  assert.deepEqual(requests, ['GET', 'GET']);
});

const given = [
  { name: 'a second read', closed: 2, act: ({ configMaps }: Cluster) => configMaps.get('a', signal) },
  {
    name: 'a write, which may have been done,',
    closed: 1,
    act: ({ configMaps }: Cluster) => configMaps.create(object, signal),
  },
];
for (const { name, closed, act } of given) {
  test(`${name} is not repeated`, async (t) => {
    const { cluster, requests } = await connectToClosing(t, { closed });
    await assert.rejects(act(cluster), (error) => isServiceError(error, 'cluster-unavailable'));
    assert.equal(requests.length, closed);
  });
}

test('requests go over HTTP/1.1 to a server that prefers HTTP/2', async (t) => {
  const { key, certificate } = createServerCertificate(new Date());
  const versions: string[] = [];
  const server = createSecureServer({ key, cert: certificate, allowHTTP1: true }, (request, response) => {
    versions.push(request.httpVersion);
    response.setHeader('content-type', 'application/json');
    response.end('{"gitVersion":"v1.34.0","kind":"Job","metadata":{"name":"one"}}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
  });
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = join(folder, 'kubeconfig');
  await writeKubeconfig(kubeconfig, { server: url, ca: certificate, user: { token: 'secret' } });
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 10_000 });
  t.after(() => cluster.close());
  await cluster.checkVersion(signal);
  await cluster.jobs.patch('one', { metadata: {} }, signal);
  assert.deepEqual(versions, ['1.1', '1.1']);
});
