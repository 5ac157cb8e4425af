import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usedAtAnnotation } from '../../src/flow/labels.ts';
import { buildFilesConfigMap } from '../../src/cluster-objects/config-maps.ts';
import { buildParametersSecret } from '../../src/cluster-objects/secrets.ts';
import { runBeside } from '../support/run-beside.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('of a flow whose time is over nothing is left in the cluster, and its record in the bucket', async (t) => {
  const world = await startWorld(t, { settings: { reconciler: { tombstoneSeconds: 0, sweepSeconds: 1 } } });
  const transfer = world.connector().startTransfer({ assetId: 'echo' });
  await world.connector().waitFor(transfer.id, 'DEPROVISIONED');
  const flow = world.flowOf(transfer);
  await waitUntil('its Job is gone', async () => (await world.namespace.job(flow)) === undefined);
  await waitUntil('what the Job owned is gone', async () => {
    const { namespace } = world;
    const left = await Promise.all([
      namespace.pods(flow),
      namespace.secrets(flow),
      namespace.configMaps(flow),
    ]);
    return left.flat().length === 0;
  });
  assert.equal((await world.bucket.record(flow))?.outcome.phase, 'succeeded');
  assert.deepEqual(await world.bucket.results(flow), []);
});

test('results whose Job is gone, and what no flow uses', { concurrency: true }, async (t) => {
  const script = 'echo short > "$RESULT_DIRECTORY/short.txt"';
  const world = await startWorld(t, {
    templates: { short: shellTemplate({ script, retention: '2s' }) },
    settings: { reconciler: { orphanSeconds: 30, sweepSeconds: 1 } },
  });
  await runBeside(t, world, {
    'results whose Job was deleted by hand go with their deprovision, or when their retention ends':
      deletedByHand,
    'what no flow uses is deleted: a Secret with parameters whose Job never came, and files of a template':
      usedByNoFlow,
  });
});

async function deletedByHand(world: World): Promise<void> {
  const simulator = world.connector();
  const [kept, short] = ['echo', 'short'].map((assetId) =>
    simulator.startTransfer({ assetId, mode: 'pull' }),
  );
  assert.ok(kept !== undefined && short !== undefined);
  for (const transfer of [kept, short]) {
    const flow = world.flowOf(transfer);
    await simulator.waitFor(transfer.id, 'STARTED');
    await waitUntil('its record is written', async () => world.bucket.record(flow));
    await world.namespace.deleteJob(flow);
    await waitUntil('the Job is gone', async () => (await world.namespace.job(flow)) === undefined);
  }
  await simulator.pull(kept.id);
  simulator.complete(kept.id);
  await simulator.waitFor(kept.id, 'DEPROVISIONED');
  for (const flow of [kept, short].map((transfer) => world.flowOf(transfer))) {
    await waitUntil('the record tells of the deletion', async () => {
      return (await world.bucket.record(flow))?.resultsDeletedAt;
    });
    assert.deepEqual(await world.bucket.results(flow), []);
  }
}

async function usedByNoFlow(world: World): Promise<void> {
  const { secrets, configMaps } = world.namespace.cluster;
  const signal = AbortSignal.timeout(120_000);
  const secret = buildParametersSecret('flow-that-never-was', {
    secretEnvironment: { KEY: 'x' },
    digest: 'digest',
  });
  await secrets.create(secret, signal);
  const template = { digest: '0'.repeat(64), files: { 'run.sh': Buffer.from('true') } };
  const files = buildFilesConfigMap(template);
  const annotations = { [usedAtAnnotation]: new Date(Date.now() - 3600_000).toISOString() };
  await configMaps.create({ ...files, metadata: { ...files.metadata, annotations } }, signal);
  await waitUntil('the Secret is gone', async () => {
    return (await secrets.get(secret.metadata?.name ?? '', signal)) === undefined;
  });
  await waitUntil('the files are gone', async () => {
    return (await configMaps.get(files.metadata?.name ?? '', signal)) === undefined;
  });
}
