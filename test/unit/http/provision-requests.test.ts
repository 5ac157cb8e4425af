import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { annotation, writeAnnotation } from '../../../src/flow/annotations.ts';
import { buildRecord } from '../../../src/flow/record.ts';
import { connectCluster } from '../../../src/kubernetes/cluster.ts';
import { createFlowService } from '../../../src/provisioner/create-flow-service.ts';
import { writeRecord } from '../../../src/provisioner/stored-record.ts';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { startCountingProxy } from '../../support/counting-proxy.ts';
import { readKubeconfig, writeKubeconfig } from '../../support/kubeconfig.ts';
import { at } from '../../support/flow-values.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { openTestStore } from '../../support/test-store.ts';
import { memoryStore } from '../result/stored-results.ts';
import { makeTemplates, templateSettings } from '../template/template-folder.ts';
import { ask, provisionBody, startHttp, token } from './start-http.ts';

const path = `/connectors/edc/${token}/provision`;
const { signal } = new AbortController();
const reached = new Date();

/** The request half on the embedded API server and store, and what it asks of them. */
async function start(t: TestContext, jobEnv = 'A=1\n') {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const reconciler = await startTestReconciler(t, { store: memoryStore() });
  const server = stack.use(await openTestStore());
  const templates = stack.use(await makeTemplates({ 'job.env': jobEnv }));
  const requests: string[] = [];
  const hooks = {
    before({ proxy, method, path }: { proxy: string; method: string; path: string }) {
      const [pathname = ''] = path.split('?');
      requests.push(`${proxy} ${method} ${pathname.replace(/^.*(jobs\/jobs|pods|secrets|\/flows)/, '$1')}`);
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
  await writeKubeconfig(kubeconfig, { ...api, server: clusterProxy.url, ca: undefined });
  const cluster = await connectCluster({ kubeconfig, namespace: 'jobs', requestTimeoutMillis: 30_000 });
  stack.defer(() => cluster.close());
  const settings = { ...server, endpoint: storeProxy.url, publicEndpoint: server.endpoint };
  const opened = createObjectStore({ ...settings, requestTimeoutMillis: 30_000 }, server.keys);
  stack.defer(() => {
    opened.destroy();
  });
  const flows = createFlowService({
    ...reconciler.deps,
    cluster,
    store: opened.store,
    now: () => new Date(),
  });
  const { port } = await startHttp(t, {
    flows,
    templates: await loadTemplates(templates.directory, templateSettings),
  });
  return {
    ...reconciler,
    store: opened.store,
    async provision(type: string | undefined) {
      requests.length = 0;
      const { status, body } = await ask(port, path, { body: provisionBody({ type, assetId: 'sample' }) });
      const { id, answer } = JSON.parse(body) as { id: string; answer: string };
      return { status, id, answer, requests: [...requests] };
    },
  };
}

type World = Awaited<ReturnType<typeof start>>;

/** As it is while its worker runs, long after its acceptance. */
async function startFlow({ api }: World, flow: string): Promise<void> {
  const annotations = { [annotation.askedAt]: at(0), [annotation.startedAt]: at(1) };
  await api.cluster.jobs.patch(flow, { metadata: { annotations } }, signal);
}

test('a new typed provision costs one request to the cluster, and none to the store', async (t) => {
  const world = await start(t);
  const { status, answer, requests } = await world.provision('provision');
  assert.deepEqual([status, answer], [200, 'accepted']);
  assert.deepEqual(requests, ['cluster POST jobs/jobs']);
});

for (const type of ['provision', undefined]) {
  test(`a repeat of a flow that runs costs at most three requests to the cluster: type ${type}`, async (t) => {
    const world = await start(t);
    const { id } = await world.provision(type);
    await startFlow(world, id);
    const { status, answer, requests } = await world.provision(type);
    assert.deepEqual([status, answer], [200, 'repeated']);
    assert.ok(requests.length <= 3, requests.join('\n'));
    assert.deepEqual(requests.at(-1), `cluster PATCH jobs/jobs/${id}`);
    const marked = Date.parse((await world.see(id)).askedAt ?? '');
    assert.ok(marked >= reached.getTime(), 'it is marked as asked for again');
  });
}

test('after the end of the tombstone a typed provision is new, and one without a type is a deprovision', async (t) => {
  const world = await start(t);
  const { id } = await world.provision('provision');
  const outcome = { phase: 'failed', at: at(1), reason: 'worker-failed', message: '' } as const;
  const annotations = {
    ...writeAnnotation(annotation.outcome, outcome),
    ...writeAnnotation(annotation.told, { at: at(2), result: 'told' }),
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
