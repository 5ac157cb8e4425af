import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readZip } from '../../src/demo/read-zip.ts';
import { equipNode } from '../support/equip-node.ts';
import { needing } from '../support/needs.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const settings = {
  templates: { directory: fileURLToPath(new URL('../../jobs-templates', import.meta.url)) },
};

test('seattle-weather sums up the year that its asset stands for, and is taken away again', async (t) => {
  const world = await startWorld(t, { settings });
  const { path, flow } = await transfer(world, 'urn:example:seattle-weather:2013');
  const files = readZip(await readFile(path));
  assert.deepEqual(files.map(({ path: name }) => name).sort(), ['chart.svg', 'summary.json']);
  const [summary, chart] = ['summary.json', 'chart.svg'].map((name) => {
    return files.find(({ path: found }) => found === name)?.content.toString('utf8') ?? '';
  });
  const { year, days, months } = JSON.parse(summary ?? '') as {
    year: number;
    days: number;
    months: object[];
  };
  assert.deepEqual({ year, days, months: months.length }, { year: 2013, days: 365, months: 12 });
  assert.match(chart ?? '', /^<svg[^]*<\/svg>\s*$/);
  await assertTakenAway(world, flow);
});

test(
  'transcode makes a video that decodes, of the size that its asset stands for',
  needing('ffmpeg'),
  async (t) => {
    const world = await startWorld(t, { settings });
    const { path, flow } = await transfer(world, 'urn:example:test-picture:small');
    const fields = 'stream=codec_name,width,height,r_frame_rate,nb_read_frames';
    const { stdout } = await promisify(execFile)('ffprobe', [
      ...[
        '-v',
        'error',
        '-count_frames',
        '-select_streams',
        'v',
        '-show_entries',
        fields,
        '-of',
        'json',
        path,
      ],
    ]);
    const { streams } = JSON.parse(stdout) as { streams: unknown };
    // One second of it.
    const video = { codec_name: 'mpeg4', width: 160, height: 90, r_frame_rate: '25/1', nb_read_frames: '25' };
    assert.deepEqual(streams, [video]);
    await assertTakenAway(world, flow);
  },
);

test(
  'simulator-recording gets a GPU, and its recording arrives with the bytes that it wrote',
  needing('own nodes'),
  async (t) => {
    const resource = 'nvidia.com/gpu';
    const nodeSelector = { accelerator: 'of-the-simulator' };
    const world = await startWorld(t, {
      settings: { ...settings, pods: { gpu: { resource, nodeSelector } } },
    });
    await equipNode(t, world, { labels: nodeSelector, resources: { [resource]: '1' } });
    const { path, flow } = await transfer(world, 'urn:example:drive:short');
    const [job] = await world.namespace.jobs();
    const worker = job?.spec?.template.spec?.containers.find(({ name }) => name === 'worker');
    assert.equal(worker?.resources?.limits?.[resource], '1');
    const received = await readFile(path);
    assert.ok(received.equals(await recordHere(t)), 'other bytes than the worker writes');
    assert.ok(!received.equals(Buffer.from(received.toString('utf8'))), 'a text would have the same bytes');
    await assertTakenAway(world, flow);
  },
);

/** The recording of the same drive, made by this process's Node. */
async function recordHere(t: TestContext): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'recording-'));
  t.after(() => rm(folder, { recursive: true }));
  const script = join(settings.templates.directory, 'simulator-recording', 'files', 'record.mjs');
  const drive = { SCENARIO: 'town-01', SECONDS: '5', MEGABYTES: '3', REAL_TIME: 'false' };
  const env = { ...drive, RESULT_DIRECTORY: folder };
  await promisify(execFile)(process.execPath, [script], { env });
  return await readFile(join(folder, 'drive.bag'));
}

/** From the connector's request to the bytes behind the data address. */
async function transfer(world: World, assetId: string): Promise<{ path: string; flow: string }> {
  const connector = world.connector();
  const { id, resourceDefinitionId } = connector.startTransfer({ assetId, mode: 'pull' });
  await connector.waitFor(id, 'STARTED');
  const { path } = await connector.pull(id);
  connector.complete(id);
  const { counts } = await connector.waitFor(id, 'DEPROVISIONED');
  assert.equal(counts.callback, 1);
  return { path, flow: world.flowOf({ id, resourceDefinitionId }) };
}

async function assertTakenAway(world: World, flow: string): Promise<void> {
  await waitUntil('the results are deleted', async () => (await world.bucket.results(flow)).length === 0);
  const record = await waitUntil('the record is written', () => world.bucket.record(flow));
  assert.equal(record.outcome.phase, 'succeeded');
}
