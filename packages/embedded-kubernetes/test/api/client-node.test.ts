import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import test from 'node:test';

import {
  ApiException,
  BatchV1Api,
  CoreV1Api,
  CoordinationV1Api,
  KubeConfig,
  PatchStrategy,
  V1ConfigMap,
  V1Job,
  V1Lease,
  V1MicroTime,
  Watch,
  setHeaderOptions,
} from '@kubernetes/client-node';

import { writeKubeconfig } from '../../src/kubeconfig.ts';
import { keyOf } from '../registry/sample-objects.ts';
import { startTestApi } from './test-api.ts';

async function aClient(t: TestContext, options = {}) {
  const api = await startTestApi(t, options);
  const directory = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'kubeconfig');
  await writeKubeconfig(path, api);
  const config = new KubeConfig();
  config.loadFromFile(path);
  return { api, config, path };
}

const namespace = 'default';

function isRefusal(code: number) {
  return (error: unknown) => error instanceof ApiException && error.code === code;
}

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'worker', image: 'busybox' }] } };

test(
  'a kubeconfig is for its owner’s eyes only',
  { skip: process.platform === 'win32' && 'no modes on Windows' },
  async (t) => {
    const { path } = await aClient(t);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  },
);

test('the official client creates, patches, lists and deletes Jobs', async (t) => {
  const { api, config } = await aClient(t);
  const batch = config.makeApiClient(BatchV1Api);
  const job = Object.assign(new V1Job(), { metadata: { name: 'a' }, spec: { suspend: true, template } });
  const created = await batch.createNamespacedJob({ namespace, body: job });
  assert.ok(created.metadata?.creationTimestamp instanceof Date);
  await batch.patchNamespacedJob(
    { namespace, name: 'a', body: { spec: { suspend: false } } },
    setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
  );
  const { items, metadata } = await batch.listNamespacedJob({ namespace, limit: 10 });
  assert.deepEqual(
    items.map((job) => [job.metadata?.name, job.spec?.suspend]),
    [['a', false]],
  );
  assert.equal(metadata?.resourceVersion, api.registry.resourceVersion);
  await batch.deleteNamespacedJob({ namespace, name: 'a', propagationPolicy: 'Background' });
  assert.equal(api.registry.get(keyOf('jobs', 'a')), undefined);
});

test('the official client sees refusals as their codes', async (t) => {
  const { config } = await aClient(t);
  const core = config.makeApiClient(CoreV1Api);
  await assert.rejects(core.readNamespacedPod({ namespace, name: 'x' }), isRefusal(404));
  const map = Object.assign(new V1ConfigMap(), { metadata: { name: 'a' } });
  await core.createNamespacedConfigMap({ namespace, body: map });
  await assert.rejects(core.createNamespacedConfigMap({ namespace, body: map }), isRefusal(409));
});

test('the official client holds and renews a Lease, with microseconds', async (t) => {
  const { api, config } = await aClient(t);
  const leases = config.makeApiClient(CoordinationV1Api);
  const renewTime = new V1MicroTime('2026-01-01T00:00:00.123Z');
  const spec = { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime };
  const first = Object.assign(new V1Lease(), { metadata: { name: 'l' }, spec });
  const read = await leases.createNamespacedLease({ namespace, body: first });
  function again() {
    return leases.replaceNamespacedLease({ namespace, name: 'l', body: read });
  }
  if (read.spec) read.spec.leaseTransitions = 1;
  assert.equal((await again()).spec?.leaseTransitions, 1);
  await assert.rejects(again(), isRefusal(409));
  const stored = api.registry.get(keyOf('leases', 'l'))?.['spec'] as { renewTime: string };
  assert.equal(stored.renewTime, '2026-01-01T00:00:00.123000Z');
});

test('the official client watches, bookmarks included', async (t) => {
  const { api, config } = await aClient(t, { bookmarkIntervalMs: 20 });
  const { promise: seen, resolve } = Promise.withResolvers<string[]>();
  const types: string[] = [];
  const resourceVersion = api.registry.resourceVersion;
  const watch = await new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { resourceVersion, allowWatchBookmarks: true },
    (type) => {
      types.push(type);
      if (type === 'BOOKMARK') resolve(types);
    },
    () => undefined,
  );
  api.registry.create('configmaps', { metadata: { name: 'a', namespace } });
  const heard = await seen;
  watch.abort();
  assert.deepEqual(
    heard.filter((type) => type !== 'BOOKMARK'),
    types.filter((type) => type !== 'BOOKMARK'),
  );
  assert.ok(heard.includes('BOOKMARK'));
});

test('the official client reads logs', async (t) => {
  const podLogs = { read: () => Promise.resolve(Readable.from(['hello\n'])) };
  const { api, config } = await aClient(t, { podLogs });
  api.registry.create('pods', { metadata: { name: 'p', namespace }, spec: template.spec });
  const containerStatuses = [{ name: 'worker', state: { running: {} } }];
  api.registry.update(keyOf('pods', 'p'), { status: { containerStatuses } }, 'status');
  const core = config.makeApiClient(CoreV1Api);
  assert.equal(await core.readNamespacedPodLog({ namespace, name: 'p', container: 'worker' }), 'hello\n');
});
