import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { annotation, writeAnnotation } from '../../../src/flow/annotations.ts';
import { buildRecord } from '../../../src/flow/record.ts';
import { connectCluster } from '../../../src/kubernetes/cluster.ts';
import { createFlowService } from '../../../src/requests/create-flow-service.ts';
import { writeRecord } from '../../../src/requests/stored-record.ts';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { startCountingProxy } from '../../support/counting-proxy.ts';
import { readKubeconfig, writeProxiedKubeconfig } from '../../support/kubeconfig.ts';
import { at } from '../../support/flow-values.ts';
import { nothingObserved } from '../../support/observed.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { openTestStore } from '../../support/test-store.ts';
import { memoryStore } from '../result/stored-results.ts';
import { makeTemplates, templateSettings, templateYaml, type Files } from '../template/template-folder.ts';
import { ask, provisionBody, startHttp, token } from '../http/start-http.ts';

const path = `/connectors/edc/${token}/provision`;
const { signal } = new AbortController();
const reached = new Date();

/** The request half on the embedded API server and store, and what it asks of them. */
async function start(t: TestContext, files: Files = {}) {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const reconciler = await startTestReconciler(t, { store: memoryStore() });
  const server = stack.use(await openTestStore());
  const templates = stack.use(await makeTemplates(files));
  const requests: string[] = [];
  const hooks = {
    before({ proxy, method, path }: { proxy: string; method: string; path: string }) {
      const [pathname = ''] = path.split('?');
      requests.push(
        `${proxy} ${method} ${pathname.replace(/^.*(jobs\/jobs|pods|secrets|configmaps|\/flows)/, '$1')}`,
      );
      return true;
    },
    after: () => true,
  };
  const api = await readKubeconfig(reconciler.api.kubeconfig);
  const target = { url: api.server, ca: api.ca ?? '', keepHost: false };
  const clusterProxy = stack.use(await startCountingProxy('cluster', target, hooks));
  const storeProxy = stack.use(
    await startCountingProxy('store', { url: server.endpoint, keepHost: true }, hooks),
  );
  const kubeconfig = join(dirname(reconciler.api.kubeconfig), 'proxied');
  await writeProxiedKubeconfig(kubeconfig, { access: api, proxy: clusterProxy.url });
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 30_000 });
  stack.defer(() => cluster.close());
  const settings = { ...server, endpoint: storeProxy.url, publicEndpoint: server.endpoint };
  const opened = createObjectStore({ ...settings, requestTimeoutMillis: 30_000 }, server.keys);
  stack.defer(() => {
    opened.destroy();
  });
  const loaded = await loadTemplates(templates.directory, templateSettings);
  async function startReplica(): Promise<number> {
    const deps = { ...reconciler.deps, cluster, store: opened.store, now: () => new Date() };
    return (await startHttp(t, { flows: createFlowService(deps, nothingObserved), templates: loaded })).port;
  }
  const port = await startReplica();
  return {
    ...reconciler,
    store: opened.store,
    startReplica,
    async provision(type: string | undefined, at = port) {
      requests.length = 0;
      const { status, body } = await ask(at, path, { body: provisionBody({ type, assetId: 'sample' }) });
      const { id, answer } = JSON.parse(body) as { id: string; answer: string };
      return { status, id, answer, requests: [...requests] };
    },
  };
}

type World = Awaited<ReturnType<typeof start>>;

/** As it is while its worker runs, long after its acceptance. */
async function startFlow({ api }: World, flow: string): Promise<void> {
  const annotations = { [annotation.lastRequestAt]: at(0), [annotation.startedAt]: at(1) };
  await api.cluster.jobs.patch(flow, { metadata: { annotations } }, signal);
}

test('a new typed provision costs one request to the cluster, and none to the store', async (t) => {
  const world = await start(t);
  const { status, answer, requests } = await world.provision('provision');
  assert.deepEqual([status, answer], [200, 'accepted']);
  assert.deepEqual(requests, ['cluster POST jobs/jobs']);
});

const withFiles: Files = { 'files/run.sh': 'true' };
const withSecret: Files = {
  'template.yaml': `${templateYaml}assets: [{ id: sample, parameters: { TOKEN: hush } }]\n`,
};
const withLargeEnvironment: Files = { 'job.env': `BIG=${'x'.repeat(100 * 1024)}\n` };

interface Repeat {
  name: string;
  files?: Files;
  untyped?: true;
  /** The namespace has no room for another Job. */
  full?: true;
}

const repeats: Repeat[] = [
  { name: 'a plain one' },
  { name: 'without a type', untyped: true },
  { name: 'of a template with files', files: withFiles },
  { name: 'with secret parameters', files: withSecret },
  { name: 'with an environment in the bucket', files: withLargeEnvironment },
  { name: 'over a quota', full: true },
  { name: 'of a template with files, over a quota', files: withFiles, full: true },
];

for (const { name, files = {}, untyped, full } of repeats) {
  for (const replica of ['the same replica', 'one that has written nothing yet'] as const) {
    test(`a repeat of a flow that runs costs at most three requests to the cluster: ${name}, asked of ${replica}`, async (t) => {
      const world = await start(t, files);
      const type = untyped ? undefined : 'provision';
      const { id, answer: first } = await world.provision(type);
      assert.equal(first, 'accepted');
      await startFlow(world, id);
      if (full) allowJobs(world, '1');
      const at = replica === 'the same replica' ? undefined : await world.startReplica();
      const { status, answer, requests } = await world.provision(type, at);
      assert.deepEqual([status, answer], [200, 'repeated']);
      assert.ok(requests.length <= 3, requests.join('\n'));
      assert.deepEqual(requests.at(-1), `cluster PATCH jobs/jobs/${id}`);
      const marked = Date.parse((await world.see(id)).lastRequestAt ?? '');
      assert.ok(marked >= reached.getTime(), 'it is marked as asked for again');
    });
  }
}

function allowJobs({ api }: World, limit: string): void {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'full', namespace: 'jobs' } };
  api.registry.create('resourcequotas', { ...quota, spec: { hard: { 'count/jobs.batch': limit } } });
}

test('a new flow whose files are in the cluster, but were used by another replica, costs three requests', async (t) => {
  const world = await start(t, withFiles);
  const first = await world.provision('provision');
  await world.api.cluster.jobs.patch(first.id, { metadata: { finalizers: null } }, signal);
  await world.api.cluster.jobs.delete(first.id, {}, signal);
  const { answer, requests } = await world.provision('provision', await world.startReplica());
  assert.equal(answer, 'accepted');
  assert.deepEqual(
    requests.map((request) => request.replace(/files-\w+/, 'FILES')),
    [`cluster GET jobs/jobs/${first.id}`, 'cluster PATCH configmaps/FILES', 'cluster POST jobs/jobs'],
  );
});

test('after the end of the tombstone a typed provision is new, and one without a type is a deprovision', async (t) => {
  const world = await start(t);
  const { id } = await world.provision('provision');
  const outcome = { phase: 'failed', at: at(1), reason: 'worker-failed', message: '' } as const;
  const annotations = {
    ...writeAnnotation(annotation.outcome, outcome),
    ...writeAnnotation(annotation.delivery, { attempts: 1, result: 'delivered' }),
  };
  await world.api.cluster.jobs.patch(id, { metadata: { annotations, finalizers: null } }, signal);
  await writeRecord(world.store, buildRecord(await world.see(id), at(3)) ?? assert.fail(), signal);
  await world.api.cluster.jobs.delete(id, {}, signal);
  const untyped = await world.provision(undefined);
  assert.deepEqual([untyped.status, untyped.answer], [200, 'deprovisioned']);
  assert.equal(await world.api.cluster.jobs.get(id, signal), undefined);
  const typed = await world.provision('provision');
  assert.deepEqual([typed.status, typed.answer, typed.id], [200, 'accepted', id]);
  assert.deepEqual(typed.requests, ['cluster POST jobs/jobs']);
});
