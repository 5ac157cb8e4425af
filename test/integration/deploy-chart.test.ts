import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { deployFolder, writeOverlay } from '../support/deploy-overlay.ts';
import { lintChart, renderChart } from '../support/helm.ts';
import { renderKustomization, type Manifest } from '../support/kubectl.ts';
import { needing } from '../support/needs.ts';

const both = needing('helm', 'kubectl');
const production = ['--values', join(deployFolder, 'helm/examples/production.yaml')];

test('the chart and deploy/base have the same objects', both, async () => {
  assertSame(await renderChart(), await renderKustomization(join(deployFolder, 'base')));
});

test('the chart and deploy/overlays/production have the same objects', both, async () => {
  const overlay = await renderKustomization(join(deployFolder, 'overlays/production'));
  assertSame(await renderChart(...production), overlay);
});

test('the chart and deploy/components/templates mount the same templates', both, async (t) => {
  const folder = await makeFolder(t);
  const component = join(deployFolder, 'components/templates');
  await writeOverlay(folder, { components: [component] });
  const greeting = join(component, 'greeting');
  const files = { 'greet.sh': await readFile(join(greeting, 'files/greet.sh'), 'utf8') };
  const template = {
    'template.yaml': await readFile(join(greeting, 'template.yaml'), 'utf8'),
    'job.yaml': await readFile(join(greeting, 'job.yaml'), 'utf8'),
    files,
  };
  const file = join(folder, 'values.json');
  await writeFile(file, JSON.stringify({ templates: { greeting: template } }));
  assertSame(await renderChart('--values', file), await renderKustomization(folder));
});

test(
  'changed settings give another ConfigMap, so that pods that run keep theirs',
  needing('helm'),
  async () => {
    const [before, after] = await Promise.all([
      renderChart(),
      renderChart('--set', 'settings.store.bucket=other'),
    ]);
    assert.notEqual(settingsOf(before), settingsOf(after));
    for (const objects of [before, after]) {
      const deployment = objects.find(({ kind }) => kind === 'Deployment');
      assert.ok(JSON.stringify(deployment?.spec).includes(`"name":"${settingsOf(objects)}"`));
    }
  },
);

test('helm lint has no complaint about the chart and its examples', needing('helm'), async () => {
  for (const options of [[], production]) {
    const { stdout } = await lintChart(...options);
    assert.match(stdout, /1 chart\(s\) linted, 0 chart\(s\) failed/);
    assert.doesNotMatch(stdout, /\[(WARNING|ERROR)\]/);
  }
});

const refused: { name: string; set: string; says: RegExp }[] = [
  { name: 'no address of its own', set: 'settings.http.publicUrl=', says: /settings.*http.*publicUrl/s },
  { name: 'a misspelt value', set: 'autoscaling.minReplica=3', says: /autoscaling.*minReplica/s },
  { name: 'a secret among the values', set: 'secret.RESULT_KEYS=k1:0', says: /secret.*RESULT_KEYS/s },
  { name: 'on without quotes, which is true', set: 'settings.http.docs=true', says: /docs.*'on', 'off'/s },
  { name: 'a setting that the chart sets', set: 'settings.http.metricsPort=9091', says: /settings.*http/s },
  {
    name: 'the namespace of the release for Jobs',
    set: 'jobs.namespace=edc-job-provisioner',
    says: /jobs\.namespace/,
  },
];

for (const { name, set, says } of refused)
  test(`the chart refuses ${name}`, needing('helm'), async () => {
    await assert.rejects(renderChart('--set', set), says);
  });

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-chart-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

function settingsOf(objects: Manifest[]): string {
  const found = objects.find(({ metadata }) => metadata.name.includes('-settings-'));
  assert.ok(found !== undefined);
  return found.metadata.name;
}

function assertSame(chart: Manifest[], kustomization: Manifest[]): void {
  // Helm makes it, by --create-namespace.
  const rest = kustomization.filter(
    ({ kind, metadata }) => kind !== 'Namespace' || metadata.name !== 'edc-job-provisioner',
  );
  assert.deepEqual(byName(chart), byName(rest));
}

/** By kind, namespace and name, without the digests in names. Labels of the objects themselves select nothing here. */
function byName(objects: Manifest[]): Record<string, unknown> {
  return Object.fromEntries(
    objects
      .map((object) => {
        const { metadata, ...rest } = comparable(object) as Manifest & { metadata: Metadata };
        const labels = without(/^app\.kubernetes\.io\//, metadata.labels ?? {});
        const key = `${object.kind}/${object.metadata.namespace ?? ''}/${metadata.name}`;
        return [key, { ...rest, metadata: { ...metadata, labels } }] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Without what Helm adds and the order of lists of named things; the settings as they are read. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^((?:.+-settings|template-.+)-)[0-9a-z]{10}$/, '$1');
  if (Array.isArray(value)) return value.map(comparable).sort(byOwnName);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
    if (key === 'settings.yaml') return [[key, parse(member as string)]];
    return [[key, key === 'metadata' ? comparableMetadata(member as Metadata) : comparable(member)]];
  });
  return Object.fromEntries(members);
}

interface Metadata {
  name?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

function comparableMetadata({ labels = {}, annotations = {}, ...rest }: Metadata): unknown {
  return {
    ...(comparable(rest) as object),
    labels: without(ofHelm, labels),
    annotations: without(ofHelm, annotations),
  };
}

const ofHelm = /^(app\.kubernetes\.io\/(instance|version|managed-by)|helm\.sh\/.*)$/;

function without(pattern: RegExp, members: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).filter(([key]) => !pattern.test(key)));
}

function byOwnName(a: unknown, b: unknown): number {
  const [first, second] = [a, b].map((one) => {
    const { name, path } = Object(one) as { name?: unknown; path?: unknown };
    return name ?? path;
  });
  if (typeof first !== 'string' || typeof second !== 'string') return 0;
  return first < second ? -1 : Number(first > second);
}
