import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startCommand } from '../support/command-process.ts';
import { defineCustomKinds, removeCustomKinds } from '../support/custom-kinds.ts';
import { deployFolder, writeOverlay } from '../support/deploy-overlay.ts';
import { renderChart } from '../support/helm.ts';
import { kubectl, readManifests, renderKustomization, type Manifest } from '../support/kubectl.ts';
import { needing } from '../support/needs.ts';
import { waitUntil } from '../support/wait-until.ts';

const folders = globSync('{base,overlays/*,components/*}/', { cwd: deployFolder })
  .map((folder) => folder.replace(/\/$/, ''))
  .sort();
const examples = globSync('examples/*.yaml', { cwd: deployFolder }).sort();
/** A dry run makes nothing for what comes after it, and these are needed by others. */
const first = ['Namespace', 'ServiceAccount', 'Role', 'ResourceQuota', 'LimitRange'];

suite('deploy/ on a real API server', needing('own control plane'), () => {
  const rendered = new Map<string, Manifest[]>();
  let needed: Manifest[] = [];
  let temporary = '';

  function pathOf(folder: string): string {
    return join(folder.startsWith('components/') ? temporary : deployFolder, folder);
  }

  before(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'edc-jp-deploy-'));
    for (const folder of folders) {
      if (folder.startsWith('components/'))
        await writeOverlay(pathOf(folder), { components: [join(deployFolder, folder)] });
      rendered.set(folder, await renderKustomization(pathOf(folder)));
    }
    const objects = [...rendered.values()].flat();
    needed = first.flatMap((kind) => withoutRepeats(objects.filter((object) => object.kind === kind)));
    await kubectl(['apply', '-f', '-'], listOf(needed));
    await defineCustomKinds();
  });

  after(async () => {
    await rm(temporary, { recursive: true, force: true });
    await removeCustomKinds();
    const namespaces = needed.filter(({ kind }) => kind === 'Namespace');
    if (namespaces.length > 0) await kubectl(['delete', '--ignore-not-found', '-f', '-'], listOf(namespaces));
  });

  for (const folder of folders) {
    test(`takes deploy/${folder} without a warning, and its pods into their namespaces`, async (t) => {
      const objects = rendered.get(folder) ?? [];
      t.diagnostic(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(', '));
      const { stdout, stderr } = await kubectl(['apply', '-k', pathOf(folder), '--dry-run=server']);
      assert.equal(stderr, '');
      assert.equal(stdout.trim().split('\n').length, objects.length);

      const pods = objects.flatMap(podOf);
      assert.ok(pods.length > 0);
      const created = await kubectl(['create', '--dry-run=server', '-f', '-'], listOf(pods));
      assert.equal(created.stderr, '');
      assert.equal(created.stdout.match(/created \(server dry run\)/g)?.length, pods.length);
    });
  }

  test('takes the render of the chart without a warning, and its pods', needing('helm'), async () => {
    const objects = await renderChart('--values', join(deployFolder, 'helm/examples/production.yaml'));
    const applied = await kubectl(['apply', '--dry-run=server', '-f', '-'], listOf(objects));
    assert.equal(applied.stderr, '');
    const created = await kubectl(['create', '--dry-run=server', '-f', '-'], listOf(objects.flatMap(podOf)));
    assert.equal(created.stderr, '');
  });

  for (const example of examples) {
    test(`takes deploy/${example} without a warning`, async () => {
      const { stderr } = await kubectl(['apply', '-f', join(deployFolder, example), '--dry-run=server']);
      assert.equal(stderr, '');
    });
  }

  test('admits the pods of the shipped templates under the quota of deploy/base', async (t) => {
    const quota = ['-n', 'edc-jobs', 'get', 'resourcequota/jobs', '-o', 'jsonpath={.status.hard}'];
    await waitUntil('the quota is in force', async () => (await kubectl(quota)).stdout !== '');
    const templates = join(deployFolder, '../jobs-templates');
    for (const template of globSync('*/', { cwd: templates })) {
      const render = await startCommand(t, ['render', template, '--templates', templates]);
      assert.equal(await render.ended(), 0, render.stderr);
      const pods = readManifests(render.stdout).flatMap(podOf);
      const { stdout, stderr } = await kubectl(['create', '--dry-run=server', '-f', '-'], listOf(pods));
      assert.match(stdout, /^pod\/flow-example created \(server dry run\)$/m);
      assert.equal(stderr, '');
    }
  });

  test('gets two replicas of a Deployment that names no number, without metrics', async () => {
    const objects = (rendered.get('base') ?? []).filter(({ kind }) =>
      ['Deployment', 'HorizontalPodAutoscaler'].includes(kind),
    );
    await kubectl(['apply', '-f', '-'], listOf(objects));
    const get = ['-n', 'edc-job-provisioner', 'get', 'deployment/edc-job-provisioner'];
    await waitUntil('the Deployment has the least number of replicas', async () => {
      const { stdout } = await kubectl([...get, '-o', 'jsonpath={.spec.replicas}']);
      return stdout === '2';
    });
  });
});

function withoutRepeats(objects: Manifest[]): Manifest[] {
  return [
    ...new Map(objects.map((object) => [JSON.stringify([object.kind, object.metadata]), object])).values(),
  ];
}

/** A controller reports later that its pod is refused, and only a pod is refused at once. */
function podOf({ metadata, spec }: Manifest): Manifest[] {
  const { template, volumeClaimTemplates = [] } = spec ?? {};
  if (template?.spec === undefined) return [];
  const claims = volumeClaimTemplates.map((claim) => ({ name: claim.metadata.name, emptyDir: {} }));
  const volumes = [...(template.spec.volumes ?? []), ...claims];
  return [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, ...metadata },
      spec: { ...template.spec, volumes },
    },
  ];
}

function listOf(items: Manifest[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
