import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { needing } from '../support/needs.ts';

const base = fileURLToPath(new URL('../../deploy/base', import.meta.url));

test(
  'a real API server takes the deployment without a warning, and its pods into their namespace',
  needing('own control plane'),
  async (t) => {
    // A dry run makes no namespace for what comes after it.
    await apply('-f', `${base}/namespaces.yaml`);
    t.after(() => kubectl(['delete', '--wait=false', '-f', `${base}/namespaces.yaml`]));
    await apply('-f', `${base}/rbac.yaml`);
    const { stdout, stderr } = await apply('-k', base, '--dry-run=server');
    assert.equal(stderr, '');
    const objects = await render(t);
    assert.equal(stdout.trim().split('\n').length, objects.length);

    const deployment = objects.find(({ kind }) => kind === 'Deployment');
    assert.ok(deployment !== undefined);
    const { namespace, name } = deployment.metadata;
    const pod = { apiVersion: 'v1', kind: 'Pod', ...deployment.spec?.template };
    const named = { ...pod, metadata: { ...pod.metadata, namespace, name } };
    const created = await kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(named));
    assert.match(created.stdout, /created \(server dry run\)/);
    assert.equal(created.stderr, '');
  },
);

interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
  spec?: { template?: { metadata?: object } };
}

async function render(t: TestContext): Promise<Manifest[]> {
  const { stdout } = await kubectl(['kustomize', base]);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  t.diagnostic(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(', '));
  return objects;
}

async function apply(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  return await kubectl(['apply', ...args]);
}

/** Rejects with what it said. */
async function kubectl(args: string[], input = ''): Promise<{ stdout: string; stderr: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ stdout: string; stderr: string }>();
  const all = ['--kubeconfig', process.env['TEST_KUBECONFIG'] ?? '', ...args];
  const child = execFile('kubectl', all, { timeout: 120_000 }, (error, stdout, stderr) => {
    if (error === null) resolve({ stdout, stderr });
    else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`, { cause: error }));
  });
  child.stdin?.on('error', () => undefined).end(input);
  return await promise;
}
