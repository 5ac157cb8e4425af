import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { evidenceFinalizer, outcomeFinalizer } from '../../../src/flow/labels.ts';
import { startTestApi, type TestApi } from '../../support/api-server.ts';
import { startCommand } from '../../support/command-process.ts';
import { aJob, aPod } from '../../support/flow-job.ts';

const { signal } = new AbortController();

async function startApi(t: TestContext): Promise<TestApi> {
  const api = await startTestApi();
  t.after(() => api[Symbol.asyncDispose]());
  return api;
}

async function release(t: TestContext, { kubeconfig }: TestApi, ...args: string[]) {
  const env = { EDC_JP_CLUSTER_KUBECONFIG: kubeconfig, EDC_JP_CLUSTER_NAMESPACE: 'jobs' };
  const command = await startCommand(t, ['release', ...args], { env });
  const code = await command.ended();
  return { code, stdout: command.stdout, stderr: command.stderr };
}

async function finalizersOf({ cluster }: TestApi): Promise<Record<string, string[]>> {
  const [jobs, pods] = await Promise.all([cluster.jobs.list({}, signal), cluster.pods.list({}, signal)]);
  const all = [...jobs.items, ...pods.items];
  return Object.fromEntries(all.map(({ metadata }) => [metadata?.name ?? '', metadata?.finalizers ?? []]));
}

test('a namespace is not held by what was released, and others’ finalizers stay', async (t) => {
  const api = await startApi(t);
  const foreign = 'example.org/keep';
  // More than one page.
  const names = Array.from({ length: 205 }, (_, index) => `flow-${index}`);
  for (const name of names) await api.cluster.jobs.create(aJob({ name, state: 'closed' }), signal);
  const kept = aJob({ name: 'flow-kept', state: 'unrecorded', finalizers: [foreign, outcomeFinalizer] });
  await api.cluster.jobs.create(kept, signal);
  await api.cluster.pods.create(aPod('flow-kept', 'pod-kept', [evidenceFinalizer, foreign]), signal);
  const stranger = aPod('', 'pod-stranger', [foreign]);
  await api.cluster.pods.create({ ...stranger, metadata: { ...stranger.metadata, labels: {} } }, signal);

  const { code, stdout, stderr } = await release(t, api);
  assert.equal(code, 0, stderr);
  const expected = [...names.map((name) => `job/${name}`), 'job/flow-kept', 'pod/pod-kept'].sort();
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), expected);
  const { 'flow-kept': job, 'pod-kept': pod, 'pod-stranger': other, ...rest } = await finalizersOf(api);
  assert.deepEqual([job, pod, other], [[foreign], [foreign], [foreign]]);
  assert.deepEqual(Object.values(rest).flat(), []);
});

test('a Job that is being deleted goes when it is released', async (t) => {
  const api = await startApi(t);
  await api.cluster.jobs.create(aJob({ state: 'unrecorded' }), signal);
  await api.cluster.jobs.delete('flow-a', { propagationPolicy: 'Background' }, signal);
  assert.notEqual(await api.cluster.jobs.get('flow-a', signal), undefined);
  assert.equal((await release(t, api)).code, 0);
  assert.equal(await api.cluster.jobs.get('flow-a', signal), undefined);
});

test('open flows are released only when it is forced', async (t) => {
  const api = await startApi(t);
  await api.cluster.jobs.create(aJob(), signal);
  const refused = await release(t, api);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /1 flow has not ended.*\n.*--force/);
  assert.deepEqual(await finalizersOf(api), { 'flow-a': [outcomeFinalizer] });

  const forced = await release(t, api, '--force');
  assert.equal(forced.code, 0);
  assert.match(forced.stderr, /1 flow has not ended/);
  assert.deepEqual(await finalizersOf(api), { 'flow-a': [] });
});

test('a dry run says what would be released and changes nothing', async (t) => {
  const api = await startApi(t);
  await api.cluster.jobs.create(aJob(), signal);
  await api.cluster.pods.create(aPod('flow-a', 'pod-a'), signal);
  const { code, stdout } = await release(t, api, '--dry-run');
  assert.equal(code, 0);
  assert.equal(stdout, 'job/flow-a (dry run)\npod/pod-a (dry run)\n');
  assert.deepEqual(await finalizersOf(api), { 'flow-a': [outcomeFinalizer], 'pod-a': [evidenceFinalizer] });
});
