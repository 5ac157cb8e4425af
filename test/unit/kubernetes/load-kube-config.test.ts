import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import { loadKubeConfig } from '../../../src/kubernetes/load-kube-config.ts';

const good = {
  clusters: [{ name: 'one', cluster: { server: 'https://cluster.example.org/' } }],
  users: [{ name: 'me', user: { token: 'a-secret-token' } }],
  contexts: [{ name: 'here', context: { cluster: 'one', user: 'me' } }],
  'current-context': 'here',
};

async function fileWith(t: TestContext, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'kubeconfig');
  await writeFile(path, content);
  return path;
}

const rows: { name: string; content: string; context?: string; words: RegExp }[] = [
  { name: 'no YAML', content: 'users:\n  - token: a-secret-token\n a: [', words: /expected a readable/ },
  { name: 'an empty file', content: '', words: /expected a readable|names no cluster|is not set/ },
  { name: 'a list', content: '[]', words: /the current context is not set/ },
  {
    name: 'a cluster without a server',
    content: JSON.stringify({ ...good, clusters: [{ name: 'one', cluster: {} }] }),
    words: /clusters\[0\]\.cluster\.server is missing/,
  },
  {
    name: 'a server that is no URL',
    content: JSON.stringify({ ...good, clusters: [{ name: 'one', cluster: { server: 'nowhere' } }] }),
    words: /expected the URL of an API server in .*, received "nowhere"/,
  },
  {
    name: 'a current context that is not there',
    content: JSON.stringify({ ...good, 'current-context': 'there' }),
    words: /the current context "there" names no cluster in .* one of: here/,
  },
  {
    name: 'an unknown context',
    content: JSON.stringify(good),
    context: 'there',
    words: /^cluster\.context: expected a context of .* \(here\), received "there"/,
  },
];

for (const { name, content, context, words } of rows) {
  test(`${name}: the sentence says which file, what is wrong, and shows nothing of its content`, async (t) => {
    const kubeconfig = await fileWith(t, content);
    const settings = { kubeconfig, namespace: 'jobs', requestTimeoutMillis: 1000 };
    assert.throws(
      () => loadKubeConfig(context === undefined ? settings : { ...settings, context }),
      (error) => {
        assert.ok(error instanceof ServiceError && error.code === 'invalid-config', String(error));
        assert.match(error.message, words);
        assert.ok(error.message.includes(kubeconfig), error.message);
        assert.ok(!error.message.includes('a-secret-token'), error.message);
        assert.ok(!error.message.includes('\n'), error.message);
        return true;
      },
    );
  });
}

test('a file that is not there or cannot be read is named', async (t) => {
  const secret = await fileWith(t, JSON.stringify(good));
  await chmod(secret, 0);
  // Root reads everything.
  const paths = process.getuid?.() === 0 ? ['/nowhere/kubeconfig'] : ['/nowhere/kubeconfig', secret];
  for (const kubeconfig of paths) {
    assert.throws(
      () => loadKubeConfig({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 1000 }),
      (error) => error instanceof ServiceError && /(ENOENT|EACCES).*kubeconfig/.test(error.message),
    );
  }
});

const withTokenFile = JSON.stringify({ ...good, users: [{ name: 'me', user: { tokenFile: 'keys/token' } }] });
const another = JSON.stringify({
  clusters: [{ name: 'two', cluster: { server: 'https://other.example.org' } }],
  users: [{ name: 'she', user: { token: 'x' } }],
  contexts: [{ name: 'there', context: { cluster: 'two', user: 'she' } }],
});

/** As the library finds it by itself, with these variables of the process. */
function loadFound(variables: Record<'HOME' | 'KUBECONFIG', string>) {
  const before = process.env;
  process.env = { ...before, ...variables };
  try {
    return loadKubeConfig({ namespace: 'jobs', requestTimeoutMillis: 1000 });
  } finally {
    process.env = before;
  }
}

test('the token file of a user in ~/.kube/config is known', async (t) => {
  const folder = join(dirname(await fileWith(t, '')), '.kube');
  await mkdir(folder);
  await writeFile(join(folder, 'config'), withTokenFile);
  const { user } = loadFound({ HOME: dirname(folder), KUBECONFIG: '' });
  assert.deepEqual([user?.tokenFile, user?.file], [join(folder, 'keys/token'), join(folder, 'config')]);
});

test('the token file of a user in one of the files that KUBECONFIG names is known, relative to that file', async (t) => {
  const [first, second] = [await fileWith(t, another), await fileWith(t, withTokenFile)];
  const { cluster, user } = loadFound({
    HOME: '/nowhere',
    KUBECONFIG: ['', first, second].join(delimiter),
  });
  assert.equal(cluster.server, 'https://cluster.example.org');
  assert.deepEqual([user?.tokenFile, user?.file], [join(dirname(second), 'keys/token'), second]);
});
