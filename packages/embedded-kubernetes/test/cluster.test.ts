import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import test from 'node:test';

import { BatchV1Api, CoreV1Api, KubeConfig, V1Job } from '@kubernetes/client-node';

import { startCluster } from '../src/start-cluster.ts';
import { testImages } from './test-images.ts';
import { waitUntil } from './wait-until.ts';

const namespace = 'default';

async function aCluster(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'cluster-'));
  const cluster = await startCluster({ directory, images: testImages });
  t.after(async () => {
    await cluster.stop();
    await rm(directory, { recursive: true });
  });
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  return { ...cluster, batch: config.makeApiClient(BatchV1Api), core: config.makeApiClient(CoreV1Api) };
}

function aJob(command: string[]): V1Job {
  const containers = [{ name: 'worker', image: 'busybox:1.37', command }];
  const spec = { backoffLimit: 0, template: { spec: { restartPolicy: 'Never', containers } } };
  return Object.assign(new V1Job(), { metadata: { name: 'hello' }, spec });
}

test('a Job created through the API runs as a process, completes, and its log is there', async (t) => {
  const cluster = await aCluster(t);
  await cluster.batch.createNamespacedJob({ namespace, body: aJob(['echo', 'hello']) });
  const job = await waitUntil('the Job is complete', async () => {
    const found = await cluster.batch.readNamespacedJob({ namespace, name: 'hello' });
    return found.status?.conditions?.some(({ type }) => type === 'Complete') && found;
  });
  assert.equal(job.status?.succeeded, 1);
  const { items } = await cluster.core.listNamespacedPod({ namespace, labelSelector: 'job-name=hello' });
  const name = items[0]?.metadata?.name ?? '';
  assert.equal(await cluster.core.readNamespacedPodLog({ namespace, name }), 'hello\n');
  const events = await cluster.core.listNamespacedEvent({ namespace });
  assert.ok(events.items.some(({ reason }) => reason === 'SuccessfulCreate'));
});

test('a stopped cluster answers no more and leaves no process of a pod', async (t) => {
  const cluster = await aCluster(t);
  // In a command, `$$` stands for one dollar sign.
  await cluster.batch.createNamespacedJob({ namespace, body: aJob(['sh', '-c', 'echo $$$$; sleep 600']) });
  const pid = await waitUntil('the worker has printed its pid', async () => {
    const { items } = await cluster.core.listNamespacedPod({ namespace });
    const name = items[0]?.metadata?.name ?? '';
    return Number(await cluster.core.readNamespacedPodLog({ namespace, name })) || undefined;
  });
  process.kill(pid, 0);
  await cluster.stop();
  await waitUntil('the worker is gone', () => isGone(pid));
  await assert.rejects(cluster.core.listNamespacedPod({ namespace }));
});

/** A zombie is gone: it only waits to be counted. */
async function isGone(pid: number): Promise<boolean> {
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (state !== undefined) return state.includes(') Z ');
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

test('the kubeconfig may lie elsewhere, and is for its owner alone', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cluster-'));
  const kubeconfig = join(directory, 'elsewhere');
  const cluster = await startCluster({
    directory: join(directory, 'cluster'),
    images: testImages,
    kubeconfig,
  });
  t.after(async () => {
    await cluster.stop();
    await rm(directory, { recursive: true });
  });
  assert.equal(cluster.kubeconfig, kubeconfig);
  assert.equal((await stat(kubeconfig)).mode & 0o077, 0);
});
