import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotation } from '../../../../src/flow/annotations.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import { usedAtAnnotation } from '../../../../src/flow/labels.ts';
import { inputUrlsSecretName, parametersSecretName } from '../../../../src/flow/names.ts';
import type { FlowRecord } from '../../../../src/flow/record.ts';
import { recordKey } from '../../../../src/flow/keys.ts';
import type { Outcome } from '../../../../src/flow/outcome.ts';
import { buildInputUrlsSecret, buildParametersSecret } from '../../../../src/cluster-objects/secrets.ts';
import { sweep } from '../../../../src/reconciler/sweep/sweep.ts';
import { aJob } from '../../../support/flow-job.ts';
import { aFlow, at, epoch } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const retention = 3600;
const tombstone = 24 * 3600;
const outcome: Outcome = { phase: 'failed', at: at(0), reason: 'worker-failed', message: 'exit code 1' };
const ended: Partial<Flow> = {
  state: 'closed',
  finalizers: [],
  outcome,
  delivery: { attempts: 1, result: 'delivered' },
};

function resultsOf(flow: string): string {
  return `flows/${flow}/attempt/files/a.txt`;
}

test('results are deleted when retention ends, the tombstone a day later, and the record stays', async (t) => {
  const store = memoryStore(
    new Map([resultsOf('flow-a'), resultsOf('flow-ab')].map((key) => [key, Buffer.from('a')])),
  );
  const { deps, api, setClock, see } = await startTestReconciler(t, { store });
  await api.cluster.jobs.create(aJob(ended), signal);

  setClock(retention);
  await sweep(deps, signal);
  assert.ok(store.objects.has(resultsOf('flow-a')));

  setClock(retention + 1);
  await sweep(deps, signal);
  assert.equal(store.objects.has(resultsOf('flow-a')), false);
  // Its neighbour in the alphabet is another flow.
  assert.ok(store.objects.has(resultsOf('flow-ab')));
  const deleted = at(retention + 1);
  assert.equal((await see('flow-a')).resultsDeletedAt, deleted);
  assert.equal(readRecord(store.objects, 'flow-a').resultsDeletedAt, deleted);

  setClock(retention + tombstone);
  await sweep(deps, signal);
  assert.notEqual(await api.cluster.jobs.get('flow-a', signal), undefined);

  setClock(retention + 1 + tombstone);
  await sweep(deps, signal);
  assert.equal(await api.cluster.jobs.get('flow-a', signal), undefined);
  assert.deepEqual(readRecord(store.objects, 'flow-a').outcome, outcome);
});

test('a flow that is still open is not forgotten, however old', async (t) => {
  const store = memoryStore(new Map([[resultsOf('flow-a'), Buffer.from('a')]]));
  const { deps, api, setClock } = await startTestReconciler(t, { store });
  await api.cluster.jobs.create(aJob({ ...ended, state: 'open' }), signal);
  setClock(retention + 2 * tombstone);
  await sweep(deps, signal);
  assert.ok(store.objects.has(resultsOf('flow-a')));
  assert.notEqual(await api.cluster.jobs.get('flow-a', signal), undefined);
});

test('a Job whose annotation was broken by hand keeps nobody else’s results', async (t) => {
  const store = memoryStore(new Map([[resultsOf('flow-b'), Buffer.from('b')]]));
  const { deps, api, setClock } = await startTestReconciler(t, { store });
  const broken = aJob({ ...ended, name: 'flow-a' });
  const annotations = { ...broken.metadata?.annotations, [annotation.plan]: '{' };
  await api.cluster.jobs.create({ ...broken, metadata: { ...broken.metadata, annotations } }, signal);
  await api.cluster.jobs.create(aJob({ ...ended, name: 'flow-b' }), signal);
  setClock(retention + 1);
  await sweep(deps, signal);
  assert.equal(store.objects.has(resultsOf('flow-b')), false);
});

test('parameters whose Job never came, or came for another asset, are deleted after an hour; others are kept', async (t) => {
  const { deps, api, setClock } = await startTestReconciler(t, { store: memoryStore() });
  const { jobs, secrets } = api.cluster;
  const plan = { ...aFlow().plan, parametersSecret: nameOf('flow-waiting') };
  const { metadata } = await jobs.create(aJob({ name: 'flow-waiting', plan }), signal);
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'flow-waiting', uid: metadata?.uid ?? '' };
  // More than one page of those that are kept, named so that they are listed first.
  const kept = ['flow-waiting', ...Array.from({ length: 201 }, (_, index) => `flow-owned-${index}`)];
  for (const flow of kept) {
    const secret = parametersOf(flow);
    const ownerReferences = flow === 'flow-waiting' ? [] : [owner];
    await secrets.create({ ...secret, metadata: { ...secret.metadata, ownerReferences } }, signal);
  }
  await secrets.create(parametersOf('flow-waiting', 'another-asset'), signal);
  const orphan = await secrets.create(parametersOf('flow-zzz'), signal);
  const foreign = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'somebody-elses' } };
  await secrets.create(foreign, signal);
  const born = (Date.parse(orphan.metadata?.creationTimestamp ?? '') - epoch) / 1000;

  setClock(born + 3600);
  await sweep(deps, signal);
  assert.notEqual(await secrets.get(nameOf('flow-zzz'), signal), undefined);

  setClock(born + 3700);
  await sweep(deps, signal);
  const left = (await secrets.list({}, signal)).items.map(({ metadata }) => metadata?.name ?? '');
  assert.deepEqual(left.sort(), [...kept.map(nameOf), 'somebody-elses'].sort());
});

test('parameters are kept that a repeat of their request uses while the sweep looks for their Job', async (t) => {
  const { deps, api, setClock } = await startTestReconciler(t, { store: memoryStore() });
  const { jobs, secrets } = api.cluster;
  const orphan = await secrets.create(parametersOf('flow-a'), signal);
  const born = (Date.parse(orphan.metadata?.creationTimestamp ?? '') - epoch) / 1000;
  const later = born + 2 * deps.config.reconciler.orphanSeconds;
  const metadata = { annotations: { [usedAtAnnotation]: at(later) } };
  async function get(...asked: Parameters<typeof jobs.get>) {
    const job = await jobs.get(...asked);
    await secrets.patch(nameOf('flow-a'), { metadata, data: orphan.data }, signal);
    return job;
  }
  const racing = { ...deps, cluster: { ...deps.cluster, jobs: { ...jobs, get } } };
  setClock(later);
  await sweep(racing, signal);
  assert.notEqual(await secrets.get(nameOf('flow-a'), signal), undefined);
  // And it is as young as its last use.
  await sweep(deps, signal);
  assert.notEqual(await secrets.get(nameOf('flow-a'), signal), undefined);
});

test('URLs of inputs are kept while their Job waits to be started, and deleted if it never came', async (t) => {
  const { deps, api, setClock } = await startTestReconciler(t, { store: memoryStore() });
  const { jobs, secrets } = api.cluster;
  const input = { name: 'video', path: '/inputs/video', maxBytes: 1, host: 'data.example.org' };
  const plan = { ...aFlow().plan, inputs: [input] };
  await jobs.create(aJob({ name: 'flow-waiting', plan }), signal);
  await jobs.create(aJob({ name: 'flow-without' }), signal);
  const urls = { video: 'https://data.example.org/a.mp4?token=x' };
  for (const flow of ['flow-waiting', 'flow-without', 'flow-killed'])
    await secrets.create(buildInputUrlsSecret(flow, urls), signal);
  const [first] = (await secrets.list({}, signal)).items;
  const born = (Date.parse(first?.metadata?.creationTimestamp ?? '') - epoch) / 1000;

  setClock(born + 2 * deps.config.reconciler.orphanSeconds);
  await sweep(deps, signal);
  const left = (await secrets.list({}, signal)).items.map(({ metadata }) => metadata?.name);
  assert.deepEqual(left, [inputUrlsSecretName('flow-waiting')]);
});

function parametersOf(flow: string, digest = 'digest') {
  return buildParametersSecret(flow, { secretEnvironment: { KEY: 'x' }, digest });
}

function nameOf(flow: string): string {
  return parametersSecretName(flow, 'digest');
}

function readRecord(objects: Map<string, Buffer>, flow: string): FlowRecord {
  return JSON.parse(objects.get(recordKey(flow))?.toString('utf8') ?? '') as FlowRecord;
}
