import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import type { Outcome } from '../../src/flow/outcome.ts';
import { startByteSource, type ByteSource } from '../support/byte-source.ts';
import { startMessage as creation } from '../support/signaling-callbacks.ts';
import { message, playScenarios, startScene, type Scenario, type Scene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

const secret = 'token-of-the-provider';
/** More than two parts of the store. */
const large = randomBytes(20 * 1024 * 1024);

function addressOf({ url }: ByteSource): object {
  const endpointProperties = [
    { name: 'authorization', value: secret },
    { name: 'authType', value: 'bearer' },
  ];
  return { endpointType: 'HttpData', endpoint: url, endpointProperties };
}

async function startPull({ send }: Scene, dataAddress: object): Promise<string> {
  const prepare = creation({ datasetId: 'of-another-provider' });
  assert.equal((await send('prepare', prepare)).status, 200);
  const started = await send(`${prepare.processId}/started`, { ...message(), dataAddress });
  assert.equal(started.status, 200);
  return prepare.processId;
}

async function recorded({ world, flowOf }: Scene, processId: string) {
  return await waitUntil('the flow is recorded', () => world.bucket.record(flowOf(processId)));
}

function notices({ controlPlane }: Scene): string[] {
  return controlPlane.callbacks.map(({ path }) => path.replace(/.*\//, ''));
}

async function fetchedBytes({ world, flowOf }: Scene, processId: string, outcome: Outcome): Promise<Buffer> {
  assert.ok(outcome.phase === 'succeeded');
  const keys = await world.bucket.results(flowOf(processId));
  const [file] = keys.filter((key) => !key.endsWith('manifest.json'));
  assert.equal(keys.length, 2, keys.join());
  return await world.bucket.read(file ?? '');
}

const scenarios: Record<string, Scenario> = {
  continued: {
    title:
      'data that a provider gives is fetched into the bucket, after an interruption its rest, and then completed',
    play: fetchesRest,
  },
  whole: {
    title: 'data of unknown length, and without a version, is fetched whole again after an interruption',
    play: fetchesWhole,
  },
  suspended: {
    title: 'a suspended fetch takes no byte, and goes on after the resume, from a new address',
    play: isSuspended,
  },
  unusable: {
    title: 'an address that cannot be fetched from is refused with its field',
    play: refusesAddresses,
  },
};

test('fetches of several control planes, beside each other', { concurrency: true }, async (t) => {
  await playScenarios(t, scenarios);
});

test('a file that is larger than a flow may receive ends the fetch and leaves nothing', async (t) => {
  const scene = await startScene(
    t,
    {},
    { env: { EDC_JP_TRANSFERS_MAX_RECEIVED_BYTES: String(large.length - 1) } },
  );
  for (const behaviour of ['chunked', undefined] as const) {
    const source = await startByteSource(t, { content: large });
    if (behaviour !== undefined) source.next(behaviour);
    const processId = await startPull(scene, addressOf(source));
    const { outcome } = await recorded(scene, processId);
    assert.ok(outcome.phase === 'failed' && outcome.reason === 'fetch-failed');
    assert.match(outcome.message, /transfers\.maxReceivedBytes/);
    assert.deepEqual(await scene.world.bucket.results(scene.flowOf(processId)), []);
    assert.deepEqual(await scene.world.bucket.openUploads(scene.flowOf(processId)), []);
    assert.equal(source.requests.length, 1);
  }
});

async function fetchesRest(scene: Scene, t: TestContext): Promise<void> {
  const headers = { etag: '"v1"', 'content-disposition': 'attachment; filename="../data.bin"' };
  const source = await startByteSource(t, { content: large, headers });
  source.next(503, 'drop');
  const processId = await startPull(scene, addressOf(source));
  const { outcome, delivery, protocol } = await recorded(scene, processId);
  assert.ok(outcome.phase === 'succeeded', JSON.stringify(outcome));
  assert.deepEqual([outcome.results.files, outcome.results.bytes], [1, large.length]);
  const bytes = await fetchedBytes(scene, processId, outcome);
  assert.equal(sha256(bytes), sha256(large));
  assert.deepEqual([delivery.result, protocol?.state], ['delivered', 'COMPLETED']);
  assert.deepEqual(notices(scene), ['completed']);
  assert.ok(source.requests.every(({ authorization }) => authorization === `Bearer ${secret}`));
  assert.equal(source.requests.length, 3);
  assert.match(source.requests[2]?.range ?? '', /^bytes=[1-9]\d*-$/);
  assert.equal(source.requests[2]?.['if-range'], '"v1"');
  const jobs = JSON.stringify(await scene.jobs());
  const log = scene.world.service.log.join('\n');
  for (const text of [jobs, log]) assert.ok(!text.includes(secret) && !text.includes('secret=query'));
}

async function fetchesWhole(scene: Scene, t: TestContext): Promise<void> {
  const source = await startByteSource(t, { content: large });
  source.next('drop', 'chunked');
  const processId = await startPull(scene, addressOf(source));
  const { outcome } = await recorded(scene, processId);
  assert.equal(sha256(await fetchedBytes(scene, processId, outcome)), sha256(large));
  assert.deepEqual(
    source.requests.map(({ range }) => range),
    [undefined, undefined],
  );
}

async function isSuspended(scene: Scene, t: TestContext): Promise<void> {
  const source = await startByteSource(t, { content: large });
  const other = await startByteSource(t, { content: Buffer.from('other') });
  source.next('hang');
  const processId = await startPull(scene, addressOf(source));
  await waitUntil('the provider is asked', () => source.requests.length === 1);
  assert.equal((await scene.send(`${processId}/suspend`, message())).status, 200);
  await waitUntil('the connection is closed', () => source.broken === 1);
  const dataAddress = { endpointType: 'HttpData', endpoint: other.url };
  const resumed = await scene.send(`${processId}/resume`, { ...message(), dataAddress });
  assert.equal(resumed.body.state, 'STARTED');
  const { outcome } = await recorded(scene, processId);
  assert.equal((await fetchedBytes(scene, processId, outcome)).toString(), 'other');
  assert.equal(other.requests[0]?.authorization, undefined, 'the token is not sent to another provider');
  assert.equal(source.requests.length, 1);
}

async function refusesAddresses(scene: Scene): Promise<void> {
  const { processId, ...prepare } = creation();
  await scene.send('prepare', { processId, ...prepare });
  for (const dataAddress of [
    { endpointType: 'AmazonS3' },
    { endpointType: 'HttpData', endpoint: 'ftp://x/' },
  ]) {
    const answer = await scene.send(`${processId}/started`, { ...message(), dataAddress });
    assert.deepEqual([answer.status, /^dataAddress/.test(answer.body.detail ?? '')], [400, true]);
  }
  assert.equal(await scene.state(processId), 'PREPARED');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
