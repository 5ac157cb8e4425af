import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { annotation } from '../../../src/flow/annotations.ts';
import { usedAtAnnotation } from '../../../src/flow/labels.ts';
import { filesConfigMapName, flowName, parametersSecretName } from '../../../src/flow/names.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import type { FlowRequest } from '../../../src/flow/flow-request.ts';
import { acceptFlow } from '../../../src/requests/accept-flow.ts';
import { createFlowService } from '../../../src/requests/create-flow-service.ts';
import { buildParametersSecret } from '../../../src/cluster-objects/secrets.ts';
import { CreateOnceCache } from '../../../src/requests/create-once.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import type { RenderedTemplate } from '../../../src/template/template.ts';
import { at } from '../../support/flow-values.ts';
import { nothingObserved } from '../../support/observed.ts';
import { startTestReconciler, type TestReconciler } from '../../support/test-reconciler.ts';
import { memoryStore, type MemoryStore } from '../result/stored-results.ts';
import { makeTemplates, templateSettings } from '../template/template-folder.ts';

const { signal } = new AbortController();

function requestOf(transferProcessId: string): FlowRequest {
  return {
    dialect: 'control-plane',
    connector: 'provider',
    ids: { transferProcessId },
    assetId: 'sample',
    template: 'sample',
    acceptedAt: at(0),
  };
}

async function render(
  files: Record<string, string>,
  parameters: Record<string, unknown> = {},
): Promise<RenderedTemplate> {
  await using made = await makeTemplates(files);
  const [template] = await loadTemplates(made.directory, templateSettings);
  assert.ok(template !== undefined);
  return renderTemplate(template, { assetId: 'sample', parameters });
}

async function start(t: TestContext): Promise<TestReconciler & { store: MemoryStore; written: string[] }> {
  const store = memoryStore();
  const reconciler = await startTestReconciler(t, { store });
  const written: string[] = [];
  const { configMaps } = reconciler.api.cluster;
  const counting: Cluster['configMaps'] = {
    ...configMaps,
    add(object, until) {
      written.push(object.metadata?.name ?? '');
      return configMaps.add(object, until);
    },
  };
  const deps = { ...reconciler.deps, cluster: { ...reconciler.deps.cluster, configMaps: counting } };
  return { ...reconciler, deps, store, written };
}

test("a template's files are sent once, not with every flow", async (t) => {
  const { deps, api, written } = await start(t);
  const flows = createFlowService(deps, nothingObserved);
  const rendered = await render({ 'files/run.sh': 'true' });
  const together = ['d', 'e'].map((id) => flows.accept({ request: requestOf(id), rendered }, signal));
  assert.deepEqual(await Promise.all(together), [{ created: true }, { created: true }]);
  for (const id of ['a', 'b', 'c'])
    assert.equal((await flows.accept({ request: requestOf(id), rendered }, signal)).created, true);
  assert.equal(written.length, 1);
  assert.equal((await api.cluster.jobs.list({}, signal)).items.length, 5);
});

test('files that somebody deleted are there again a minute later', async (t) => {
  const { deps, api, written } = await start(t);
  let now = 0;
  const accepting = { ...deps, files: new CreateOnceCache(() => now) };
  const rendered = await render({ 'files/run.sh': 'true' });
  await acceptFlow(accepting, { request: requestOf('a'), rendered }, signal);
  const [name = ''] = written;
  await api.cluster.configMaps.delete(name, {}, signal);
  now = 60_000;
  await acceptFlow(accepting, { request: requestOf('b'), rendered }, signal);
  assert.notEqual(await api.cluster.configMaps.get(name, signal), undefined);
});

test('a repeat writes no secret parameters for a flow that was accepted without any', async (t) => {
  const { deps, api } = await start(t);
  const request = requestOf('a');
  assert.equal((await acceptFlow(deps, { request, rendered: await render({}) }, signal)).created, true);
  const rendered = await render({}, { TOKEN: 'hush' });
  assert.equal((await acceptFlow(deps, { request, rendered }, signal)).created, false);
  const name = parametersSecretName(flowName(request), rendered.digest);
  assert.equal(await api.cluster.secrets.get(name, signal), undefined);
});

test('the parameters of a request that died before its Job are not taken for those of the next one', async (t) => {
  const { deps, api } = await start(t);
  const request = requestOf('a');
  const stale = buildParametersSecret(flowName(request), {
    ...(await render({}, { TOKEN: 'of old' })),
    digest: 'another-asset',
  });
  await api.cluster.secrets.create(stale, signal);
  const before = await render({}, { TOKEN: 'of today' });
  const outdated = { ...before, secretEnvironment: { TOKEN: 'of yesterday' } };
  await api.cluster.secrets.create(buildParametersSecret(flowName(request), outdated), signal);

  assert.equal((await acceptFlow(deps, { request, rendered: before }, signal)).created, true);
  const job = await api.cluster.jobs.get(flowName(request), signal);
  const [worker] = job?.spec?.template.spec?.containers ?? [];
  const sources = worker?.envFrom?.flatMap(({ secretRef }) => secretRef?.name ?? []) ?? [];
  assert.deepEqual(sources, [parametersSecretName(flowName(request), before.digest)]);
  const used = await api.cluster.secrets.get(sources[0] ?? '', signal);
  assert.equal(Buffer.from(used?.data?.['TOKEN'] ?? '', 'base64').toString(), 'of today');
});

test('two assets never share parameters, whatever else they have in common', async () => {
  await using made = await makeTemplates({});
  const [template] = await loadTemplates(made.directory, templateSettings);
  assert.ok(template !== undefined);
  const [one, same, other] = ['a', 'a', 'b'].map((assetId) =>
    renderTemplate(template, { assetId, parameters: {} }),
  );
  assert.equal(one?.digest, same?.digest);
  assert.notEqual(one?.digest, other?.digest);
});

test("a template's files are marked as used by an acceptance that finds them, and made again if they are swept just then", async (t) => {
  const { deps, api, setClock } = await start(t);
  const files = { 'files/run.sh': 'true' };
  const rendered = await render(files);
  const name = filesConfigMapName(rendered.template.digest);
  await acceptFlow(deps, { request: requestOf('a'), rendered }, signal);
  setClock(100);
  await acceptFlow(deps, { request: requestOf('b'), rendered }, signal);
  const { metadata } = (await api.cluster.configMaps.get(name, signal)) ?? {};
  assert.equal(metadata?.annotations?.[usedAtAnnotation], at(100));

  const { configMaps } = deps.cluster;
  const swept: typeof configMaps = {
    ...configMaps,
    async patch(...call) {
      await configMaps.delete(name, {}, signal);
      return await configMaps.patch(...call);
    },
  };
  const raced = { ...deps, cluster: { ...deps.cluster, configMaps: swept } };
  await acceptFlow(raced, { request: requestOf('c'), rendered }, signal);
  assert.notEqual(await api.cluster.configMaps.get(name, signal), undefined);
});

function limitJobs({ api }: TestReconciler, limit: string): void {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'full', namespace: 'jobs' } };
  api.registry.create('resourcequotas', { ...quota, spec: { hard: { 'count/jobs.batch': limit } } });
}

test('a request that a quota never has room for is refused for good, one that it has no room for now is not', async (t) => {
  const none = await start(t);
  limitJobs(none, '0');
  const rendered = await render({});
  await assert.rejects(acceptFlow(none.deps, { request: requestOf('a'), rendered }, signal), (error) => {
    return isServiceError(error, 'quota-allows-none') && /limited: count\/jobs\.batch=0/.test(error.message);
  });

  const one = await start(t);
  limitJobs(one, '1');
  assert.equal((await acceptFlow(one.deps, { request: requestOf('a'), rendered }, signal)).created, true);
  await assert.rejects(acceptFlow(one.deps, { request: requestOf('b'), rendered }, signal), {
    code: 'cluster-over-quota',
  });
  assert.equal((await acceptFlow(one.deps, { request: requestOf('a'), rendered }, signal)).created, false);
});

test('a repeat is one although a quota has no room any more, and by then not for any', async (t) => {
  const world = await start(t);
  const rendered = await render({});
  const request = requestOf('a');
  assert.equal((await acceptFlow(world.deps, { request, rendered }, signal)).created, true);
  limitJobs(world, '0');
  assert.equal((await acceptFlow(world.deps, { request, rendered }, signal)).created, false);
});

test('a repeat is answered with the flow that is there, and a foreign Job of its name with none', async (t) => {
  const { deps, api } = await start(t);
  const [request, foreign] = [requestOf('a'), requestOf('b')];
  const rendered = await render({});
  await acceptFlow(deps, { request, rendered }, signal);
  const known = await acceptFlow(deps, { request: { ...request, acceptedAt: 'later' }, rendered }, signal);
  assert.deepEqual(known.created || known.found?.request, request);
  await acceptFlow(deps, { request: foreign, rendered }, signal);
  const annotations = { [annotation.request]: null };
  await api.cluster.jobs.patch(flowName(foreign), { metadata: { annotations } }, signal);
  const other = await acceptFlow(deps, { request: foreign, rendered }, signal);
  assert.deepEqual(other, { created: false, found: undefined });
});

test('a Job that is deleted between its refusal and its reading is no conflict: the request may be sent again', async (t) => {
  const { deps } = await start(t);
  const request = requestOf('a');
  const rendered = await render({});
  await acceptFlow(deps, { request, rendered }, signal);
  const jobs = { ...deps.cluster.jobs, get: () => Promise.resolve(undefined) };
  const cluster = { ...deps.cluster, jobs };
  await assert.rejects(acceptFlow({ ...deps, cluster }, { request, rendered }, signal), {
    code: 'unavailable',
  });
});
