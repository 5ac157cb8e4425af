import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { connectCluster, type Cluster } from '../../../src/kubernetes/cluster.ts';
import { startTestApi } from '../../support/api-server.ts';

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
