import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { usedAtAnnotation } from '../../../../src/flow/labels.ts';
import { filesConfigMapName } from '../../../../src/flow/names.ts';
import { buildFilesConfigMap } from '../../../../src/cluster-objects/config-maps.ts';
import { sweep } from '../../../../src/reconciler/sweep/sweep.ts';
import { aJob } from '../../../support/flow-job.ts';
import { at, epoch } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const digests = {
  idle: 'a'.repeat(64),
  mounted: 'b'.repeat(64),
  ended: 'c'.repeat(64),
  marked: 'd'.repeat(64),
};

function filesOf(digest: string) {
  return buildFilesConfigMap({ digest, files: { 'run.sh': Buffer.from('true') } });
}

function jobWith(name: string, digest: string, state: 'open' | 'closed') {
  const job = aJob({ name, state });
  const volumes = [{ name: 'files', configMap: { name: filesConfigMapName(digest) } }];
  const template = job.spec?.template;
  const spec = { containers: [], ...template?.spec, volumes };
  return { ...job, spec: { ...job.spec, template: { ...template, spec } } };
}

async function start(t: TestContext) {
  const reconciler = await startTestReconciler(t, { store: memoryStore() });
  const { configMaps, jobs } = reconciler.api.cluster;
  let born = 0;
  for (const digest of Object.values(digests)) {
    const { metadata } = await configMaps.create(filesOf(digest), signal);
    born = (Date.parse(metadata?.creationTimestamp ?? '') - epoch) / 1000;
  }
  await jobs.create(jobWith('flow-open', digests.mounted, 'open'), signal);
  await jobs.create(jobWith('flow-closed', digests.ended, 'closed'), signal);
  const foreign = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'somebody-elses' } };
  await configMaps.create(foreign, signal);
  async function left(): Promise<string[]> {
    const names = (await configMaps.list({}, signal)).items.map(({ metadata }) => metadata?.name ?? '');
    return names.sort();
  }
  return { ...reconciler, configMaps, born, left };
}

test('files that no open flow mounts are deleted when they have not been used for an hour', async (t) => {
  const { deps, configMaps, born, left, setClock } = await start(t);
  const all = await left();
  setClock(born + 3600);
  await sweep(deps, signal);
  assert.deepEqual(await left(), all);

  const annotations = { [usedAtAnnotation]: at(born + 3000) };
  await configMaps.patch(filesConfigMapName(digests.marked), { metadata: { annotations } }, signal);
  setClock(born + 3800);
  await sweep(deps, signal);
  const kept = [digests.mounted, digests.marked].map(filesConfigMapName);
  assert.deepEqual(await left(), [...kept, 'somebody-elses'].sort());
});

test('files that are used while the sweep looks for their users are kept', async (t) => {
  const { deps, configMaps, born, left, setClock } = await start(t);
  const name = filesConfigMapName(digests.idle);
  setClock(born + 3800);
  const { jobs } = deps.cluster;
  const raced: typeof jobs = {
    ...jobs,
    async list(options, until) {
      const annotations = { [usedAtAnnotation]: at(born + 3800) };
      await configMaps.patch(name, { metadata: { annotations } }, until);
      return await jobs.list(options, until);
    },
  };
  await sweep({ ...deps, cluster: { ...deps.cluster, jobs: raced } }, signal);
  assert.ok((await left()).includes(name));
});
