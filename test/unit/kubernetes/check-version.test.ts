import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { connectCluster, type Cluster } from '../../../src/kubernetes/cluster.ts';

const { signal } = new AbortController();

/** A server of which nothing is known but its version. */
async function connectTo(t: TestContext, version: Record<string, string>): Promise<Cluster> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(version));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const directory = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'test', user: { token: 'test' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    }),
  );
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 10_000 });
  t.after(async () => {
    await cluster.close();
    await rm(directory, { recursive: true });
  });
  return cluster;
}

for (const minor of ['28', '28+', '9']) {
  test(`Kubernetes 1.${minor} is refused, since it has no native sidecars`, async (t) => {
    const cluster = await connectTo(t, { major: '1', minor, gitVersion: `v1.${minor}.7` });
    await assert.rejects(
      cluster.checkVersion(signal),
      (error) =>
        isServiceError(error, 'invalid-config') &&
        error.message.includes('1.29') &&
        error.message.includes(`v1.${minor}.7`),
    );
  });
}

for (const { major, minor } of [
  { major: '1', minor: '29' },
  { major: '1', minor: '29+' },
  { major: '1', minor: '101' },
  { major: '2', minor: '0' },
]) {
  test(`Kubernetes ${major}.${minor} is taken`, async (t) => {
    const gitVersion = `v${major}.${minor}`;
    const cluster = await connectTo(t, { major, minor, gitVersion });
    assert.equal(await cluster.checkVersion(signal), gitVersion);
  });
}
