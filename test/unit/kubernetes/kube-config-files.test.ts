import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { kubeConfigOfPod, readKubeConfigFiles } from '../../../src/kubernetes/kube-config-files.ts';

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const full = `
apiVersion: v1
kind: Config
current-context: here
clusters:
  - name: files
    cluster: { server: 'https://one.example.org/', certificate-authority: pki/ca.pem, tls-server-name: two }
  - &data
    name: data
    cluster:
      server: https://[::1]:6443
      certificate-authority-data: Y2E=
      insecure-skip-tls-verify: true
      proxy-url: http://proxy.example.org
contexts:
  - name: here
    context: { cluster: files, user: certificate, namespace: jobs }
  - name: there
    context: { cluster: data }
users:
  - name: certificate
    user: { client-certificate: pki/tls.crt, client-key: /absolute/tls.key, as: somebody }
  - name: token
    user: { token: a-token }
  - name: password
    user: { username: me, password: secret }
  - name: program
    user:
      exec: { apiVersion: client.authentication.k8s.io/v1, command: ./get-token, args: [a, b] }
  - name: provider
    user: { auth-provider: { name: oidc, config: { id-token: x, idp-issuer-url: 'https://idp.example.org' } } }
  - name: nothing
`;
const other = JSON.stringify({
  clusters: [{ name: 'other', cluster: { server: 'http://other.example.org' } }],
  users: [{ name: 'other', user: { tokenFile: 'token' } }],
  contexts: [{ name: 'other', context: { cluster: 'other', user: 'other' } }],
  'current-context': 'other',
});

test('kubeconfig files are read as the library reads them, and a tokenFile is kept', async (t) => {
  const folder = await aFolder(t);
  const files = [join(folder, 'full'), join(folder, 'sub', 'other')];
  await mkdir(join(folder, 'sub'));
  await writeFile(files[0] ?? '', full);
  await writeFile(files[1] ?? '', other);
  const [library, second] = files.map((file) => {
    const config = new KubeConfig();
    config.loadFromFile(file);
    return config;
  });
  assert.ok(library !== undefined && second !== undefined);
  library.mergeConfig(second);

  const { clusters, contexts, users, currentContext } = readKubeConfigFiles(files);
  assert.deepEqual(clusters, library.clusters);
  assert.deepEqual(contexts, library.contexts);
  assert.equal(currentContext, library.currentContext);
  assert.deepEqual(
    users.map((user) => ({ ...user, file: undefined, tokenFile: undefined })),
    library.users.map((user) => ({ ...user, file: undefined, tokenFile: undefined })),
  );
  assert.deepEqual([...new Set(users.map(({ file }) => file))], files);
  assert.equal(users.at(-1)?.tokenFile, join(folder, 'sub', 'token'));
});

test('a name that two files have is refused', async (t) => {
  const folder = await aFolder(t);
  const files = ['one', 'two'].map((name) => join(folder, name));
  for (const file of files) await writeFile(file, other);
  assert.throws(() => readKubeConfigFiles(files), /Duplicate cluster: other/);
});

const pods = [
  { host: '10.96.0.1', port: '443', server: 'https://10.96.0.1:443' },
  { host: 'fd00::1', port: '443', server: 'https://[fd00::1]:443' },
  { host: '127.0.0.1', port: '8001', server: 'http://127.0.0.1:8001' },
];

for (const { host, port, server } of pods) {
  test(`a pod with ${host} and ${port} uses ${server}, as by the library`, () => {
    const env = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port };
    const { clusters, users } = kubeConfigOfPod(env);
    const before = process.env;
    process.env = { ...before, ...env };
    const library = new KubeConfig();
    try {
      library.loadFromCluster();
    } finally {
      process.env = before;
    }
    const { caFile } = library.clusters[0] ?? {};
    assert.deepEqual([clusters[0]?.server, clusters[0]?.caFile], [server, caFile]);
    assert.equal(library.clusters[0]?.server, server);
    const provider = library.users[0]?.authProvider as { config: { tokenFile: string } };
    assert.equal(users[0]?.tokenFile, provider.config.tokenFile);
  });
}
