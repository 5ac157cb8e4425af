import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Manifest } from '../../src/result/manifest.ts';
import { startMessage as creation } from '../support/signaling-callbacks.ts';
import { message, playScenarios, startScene, type Scenario, type Scene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

/** More than two parts of the store. */
const large = randomBytes(20 * 1024 * 1024);

interface Inbox {
  processId: string;
  url: string;
}

async function preparePush({ send }: Scene, members: object = {}): Promise<Inbox> {
  const { processId, ...prepare } = creation({ profile: 'HttpData-PUSH', ...members });
  const answer = await send('prepare', { processId, ...prepare });
  assert.deepEqual([answer.status, answer.body.state], [200, 'PREPARED']);
  return { processId, url: answer.body.dataAddress?.endpoint ?? '' };
}

async function upload(url: string, body: Buffer | string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'PUT', body, headers });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
}

/** An upload whose body does not end by itself. */
function openUpload(url: string): ClientRequest {
  const sent = request(url, { method: 'POST' });
  sent.on('error', () => undefined);
  return sent;
}

async function answerTo(sent: ClientRequest): Promise<{ status: number | undefined; body: string }> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}

async function recorded({ world, flowOf }: Scene, processId: string) {
  return await waitUntil('the flow is recorded', () => world.bucket.record(flowOf(processId)));
}

async function start({ send }: Scene, processId: string): Promise<void> {
  assert.equal((await send(`${processId}/started`, message())).status, 200);
}

async function complete(scene: Scene, processId: string) {
  assert.equal((await scene.send(`${processId}/completed`, {})).status, 200);
  return await recorded(scene, processId);
}

/** The files of the manifest by name, read from the bucket and compared with it; nothing else is left. */
async function resultsOf({ world, flowOf }: Scene, processId: string): Promise<Record<string, string>> {
  const flow = flowOf(processId);
  const keys = await world.bucket.results(flow);
  const manifestKey = keys.find((one) => one.endsWith('/manifest.json')) ?? '';
  const { files } = JSON.parse((await world.bucket.read(manifestKey)).toString()) as Manifest;
  const expected = files.map(({ key }) => manifestKey.replace('manifest.json', `files/${key}`));
  assert.deepEqual(keys.toSorted(), [...expected, manifestKey].toSorted());
  assert.deepEqual(await world.bucket.openUploads(flow), []);
  const contents = files.map(async ({ path, key, sha256: sum, size }) => {
    const bytes = await world.bucket.read(manifestKey.replace('manifest.json', `files/${key}`));
    assert.deepEqual([sha256(bytes), bytes.length], [sum, size], path);
    return [path, sum] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}

/** Keys of what an inbox has, without what describes it. */
async function received({ world, flowOf }: Scene, processId: string): Promise<string[]> {
  const keys = await world.bucket.results(flowOf(processId));
  return keys.filter((key) => key.includes('/files/')).map((key) => key.replace(/.*\/files\//, ''));
}

const scenarios: Record<string, Scenario> = {
  'takes-files': {
    title:
      'files that a provider pushes become the results of the consumer, and nothing is sent to its control plane',
    play: takesFiles,
  },
  profile: {
    title:
      'the HTTP profile has the token of the inbox among its properties, and a later preparation has the address too',
    members: { prepareLater: ['later'] },
    play: hasProfile,
  },
  tokens: { title: 'a token opens its own inbox alone', play: opensOwnInbox },
  broken: {
    title:
      'a body that breaks off, has another digest, or is no whole file leaves nothing, and the earlier file',
    play: leavesEarlierFile,
  },
  terminated: {
    title:
      'a termination deletes what was received and what is under way, and the inbox takes nothing any more',
    play: deletesReceived,
  },
  own: {
    title: 'the provider of this service pushes its results into an inbox of this service',
    play: pushesToItself,
  },
};

test('inboxes of several control planes, beside each other', { concurrency: true }, async (t) => {
  await playScenarios(t, scenarios);
});

test('a flow receives no more than the settings allow, and what is too large leaves nothing', async (t) => {
  const scene = await startScene(
    t,
    {},
    { env: { EDC_JP_TRANSFERS_MAX_RECEIVED_BYTES: String(12 * 1024 * 1024) } },
  );
  const { processId, url } = await preparePush(scene);
  const declared = await upload(`${url}/declared`, large);
  assert.deepEqual([declared.status, declared.type], [413, 'application/problem+json']);
  assert.match(declared.body, /transfers\.maxReceivedBytes/);
  const sent = openUpload(`${url}/chunked`);
  const answer = answerTo(sent);
  sent.write(large);
  assert.equal((await answer).status, 413);
  sent.destroy();
  const half = large.subarray(0, 7 * 1024 * 1024);
  assert.equal((await upload(`${url}/half`, half)).status, 201);
  assert.equal((await upload(`${url}/other-half`, half)).status, 413, 'the sum of all files');
  assert.equal((await upload(`${url}/half`, half)).status, 201, 'a file that is replaced does not count');
  assert.deepEqual(await received(scene, processId), ['half']);
  await start(scene, processId);
  await complete(scene, processId);
  assert.deepEqual(await resultsOf(scene, processId), { half: sha256(half) });
});

test('more uploads than the settings allow wait outside, and a suspension refuses new ones', async (t) => {
  const scene = await startScene(t, {}, { env: { EDC_JP_TRANSFERS_MAX_UPLOADS: '1' } });
  const { processId, url } = await preparePush(scene);
  await start(scene, processId);
  const sent = openUpload(`${url}/slow`);
  sent.write(large);
  await waitUntil('the first one is received', async () => {
    return (await scene.world.bucket.openUploads(scene.flowOf(processId))).length === 1;
  });
  const second = await fetch(`${url}/second`, { method: 'PUT', body: 'bytes' });
  assert.deepEqual([second.status, second.headers.get('retry-after')], [503, '10']);
  assert.equal((await scene.send(`${processId}/suspend`, message())).status, 200);
  const suspended = await upload(`${url}/second`, 'bytes');
  assert.deepEqual([suspended.status, suspended.type], [403, 'application/problem+json']);
  assert.equal((await scene.send(`${processId}/completed`, {})).status, 409);
  const answer = answerTo(sent);
  sent.end();
  assert.equal((await answer).status, 201, 'the provider of an upload under way is suspended itself');
  const resumed = await scene.send(`${processId}/resume`, message());
  assert.deepEqual([resumed.body.state, resumed.body.dataAddress?.endpoint], ['STARTED', url]);
  assert.equal((await upload(`${url}/second`, 'bytes')).status, 201, 'the place is free again');
  await complete(scene, processId);
  const expected = { second: sha256('bytes'), slow: sha256(large) };
  assert.deepEqual(await resultsOf(scene, processId), expected);
});

test('a service that is killed loses nothing that it has acknowledged', async (t) => {
  const scene = await startScene(t);
  const { service, bucket } = scene.world;
  const { processId, url } = await preparePush(scene);
  await start(scene, processId);
  assert.equal((await upload(`${url}/first`, large)).status, 201);
  assert.equal((await upload(`${url}/second`, 'bytes')).status, 201);
  const sent = openUpload(`${url}/first`);
  sent.write(large.subarray(1));
  await waitUntil('parts are stored', async () => {
    return (await bucket.openUploads(scene.flowOf(processId))).length === 1;
  });
  await service.kill();
  // As if it had been killed between the file and its description.
  const descriptions = await bucket.keys(`flows/${scene.flowOf(processId)}/`);
  const lost = descriptions.find((key) => key.endsWith('/received/second.json')) ?? '';
  await bucket.client.removeObject(bucket.name, lost);
  await service.start();
  assert.equal((await upload(`${url}/third`, 'more')).status, 201, 'the address stays the same');
  await complete(scene, processId);
  const expected = { first: sha256(large), second: sha256('bytes'), third: sha256('more') };
  assert.deepEqual(await resultsOf(scene, processId), expected);
});

test('a replica takes the uploads, and another one the messages', async (t) => {
  const scene = await startScene(t);
  const other = await scene.world.addService();
  await other.start();
  const { processId, url } = await preparePush(scene);
  const there = url.replace(scene.world.service.url, other.url);
  assert.equal((await upload(`${there}/file`, large)).status, 201);
  await start(scene, processId);
  assert.equal((await upload(`${url}/here`, 'bytes')).status, 201);
  assert.equal((await scene.send(`${processId}/completed`, {})).status, 200);
  assert.equal((await upload(`${there}/late`, 'bytes')).status, 410, 'no cache says otherwise');
  await recorded(scene, processId);
  assert.deepEqual(await resultsOf(scene, processId), { file: sha256(large), here: sha256('bytes') });
});

async function takesFiles(scene: Scene): Promise<void> {
  const { processId, url } = await preparePush(scene);
  const digest = `sha-512=:AA==:, sha-256=:${createHash('sha256').update(large).digest('base64')}:`;
  const first = await upload(`${url}/folder/first.bin?x=y`, large, { 'repr-digest': digest });
  assert.equal(first.status, 201, first.body);
  assert.deepEqual(JSON.parse(first.body), {
    name: 'first.bin',
    size: large.length,
    sha256: sha256(large),
  });
  await start(scene, processId);
  const named = { 'content-disposition': `attachment; filename="x"; filename*=UTF-8''%C3%A4%20b.txt` };
  assert.equal((await upload(url, 'named', named)).status, 201);
  assert.equal((await upload(url, 'one')).status, 201);
  assert.equal((await upload(`${url}/data`, 'another')).status, 201, 'the same name again');
  assert.equal((await upload(`${url}/empty`, '')).status, 201);
  const record = await complete(scene, processId);
  assert.ok(record.outcome.phase === 'succeeded', JSON.stringify(record.outcome));
  assert.equal(record.outcome.results.files, 4);
  assert.deepEqual([record.delivery.result, record.protocol?.state], ['skipped', 'COMPLETED']);
  assert.deepEqual(await resultsOf(scene, processId), {
    data: sha256('another'),
    empty: sha256(''),
    'first.bin': sha256(large),
    'ä b.txt': sha256('named'),
  });
  assert.equal((await upload(`${url}/late`, 'late')).status, 410);
  assert.deepEqual(scene.controlPlane.callbacks, []);
  const log = scene.world.service.log.join('\n');
  assert.ok(!log.includes(url.split('/').at(-1) ?? ''), 'the token is not in the log');
}

async function hasProfile(scene: Scene): Promise<void> {
  const profile = 'https://w3id.org/dspace-sig/profile/http-push';
  const { processId, ...prepare } = creation({ profile, datasetId: 'later' });
  const first = await scene.send('prepare', { processId, ...prepare });
  assert.deepEqual([first.status, first.body.state, 'dataAddress' in first.body], [202, 'PREPARING', false]);
  const [callback] = await waitUntil(
    'it is prepared',
    () => scene.controlPlane.callbacks.length > 0 && scene.controlPlane.callbacks,
  );
  assert.equal(callback?.path, `/transfers/${processId}/dataflow/prepared`);
  const { endpointType, endpoint = '', endpointProperties = [] } = callback.body.dataAddress ?? {};
  assert.equal(endpointType, profile);
  const { authorization, authType } = Object.fromEntries(
    endpointProperties.map(({ name, value }) => [name, value]),
  );
  assert.equal(authType, 'bearer');
  const refused = await upload(endpoint, 'bytes', { authorization: 'Bearer wrong' });
  assert.deepEqual([refused.status, refused.type], [401, 'application/problem+json']);
  assert.equal((await upload(endpoint, 'bytes', { authorization: `Bearer ${authorization}` })).status, 201);
  await start(scene, processId);
  await complete(scene, processId);
  assert.deepEqual(await resultsOf(scene, processId), { data: sha256('bytes') });
}

async function opensOwnInbox(scene: Scene): Promise<void> {
  const [one, other] = [await preparePush(scene), await preparePush(scene)];
  const wrong = [
    other.url.replace(scene.flowOf(other.processId), scene.flowOf(one.processId)),
    one.url.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
    `${scene.world.service.url}/inbox/flow-of-nobody/${one.url.split('/').at(-1) ?? ''}`,
  ];
  const answers = await Promise.all(wrong.map((url) => upload(url, 'bytes')));
  for (const { status, type, body } of answers)
    assert.deepEqual([status, type, body], [404, 'application/problem+json', answers[0]?.body]);
  assert.deepEqual(await received(scene, one.processId), []);
}

async function leavesEarlierFile(scene: Scene): Promise<void> {
  const { processId, url } = await preparePush(scene);
  assert.equal((await upload(`${url}/file`, 'earlier')).status, 201);
  const sent = openUpload(`${url}/file`);
  sent.write(large);
  await waitUntil('parts are stored', async () => {
    return (await scene.world.bucket.openUploads(scene.flowOf(processId))).length === 1;
  });
  sent.destroy();
  await waitUntil('the parts are gone', async () => {
    return (await scene.world.bucket.openUploads(scene.flowOf(processId))).length === 0;
  });
  const other = `sha-256=:${createHash('sha256').update('other').digest('base64')}:`;
  const rows: [Record<string, string>, number, string][] = [
    [{ 'repr-digest': other }, 400, 'Repr-Digest'],
    [{ 'content-digest': other }, 400, 'Content-Digest'],
    [{ 'repr-digest': 'sha-256=:short:' }, 400, 'Repr-Digest'],
    [{ 'content-encoding': 'gzip' }, 415, 'Content-Encoding'],
    [{ 'content-range': 'bytes 0-4/9' }, 400, 'Content-Range'],
    [{ 'upload-complete': '?0' }, 400, 'Upload-Complete'],
  ];
  for (const [headers, status, field] of rows) {
    const answer = await upload(`${url}/file`, 'later', headers);
    assert.deepEqual([answer.status, (JSON.parse(answer.body) as { field?: string }).field], [status, field]);
  }
  await start(scene, processId);
  await complete(scene, processId);
  assert.deepEqual(await resultsOf(scene, processId), { file: sha256('earlier') });
}

async function deletesReceived(scene: Scene): Promise<void> {
  const { processId, url } = await preparePush(scene);
  assert.equal((await upload(`${url}/whole`, 'bytes')).status, 201);
  const small = openUpload(`${url}/small`);
  small.write('beginning');
  const sent = openUpload(`${url}/large`);
  const answers = [answerTo(sent), answerTo(small)];
  sent.write(large);
  await waitUntil('parts are stored', async () => {
    return (await scene.world.bucket.openUploads(scene.flowOf(processId))).length === 1;
  });
  assert.equal((await scene.send(`${processId}/terminate`, message())).status, 200);
  await waitUntil('what was received is deleted', async () => {
    const record = await scene.world.bucket.record(scene.flowOf(processId));
    return record?.resultsDeletedAt;
  });
  sent.end(large);
  small.end();
  for (const { status } of await Promise.all(answers)) assert.equal(status, 410);
  assert.equal((await upload(`${url}/late`, 'bytes')).status, 410);
  assert.deepEqual(await scene.world.bucket.results(scene.flowOf(processId)), []);
  assert.deepEqual(await scene.world.bucket.openUploads(scene.flowOf(processId)), []);
  assert.deepEqual(scene.controlPlane.callbacks, []);
}

async function pushesToItself(scene: Scene): Promise<void> {
  const { send, state, controlPlane } = scene;
  const { processId, url } = await preparePush(scene);
  const dataAddress = { endpointType: 'HttpData', endpoint: url };
  const provider = creation({ datasetId: 'echo', profile: 'HttpData-PUSH', dataAddress });
  assert.equal((await send('start', provider)).status, 202);
  await start(scene, processId);
  await waitUntil('the provider has completed', () =>
    controlPlane.callbacks.some(({ path }) => path === `/transfers/${provider.processId}/dataflow/completed`),
  );
  const { outcome } = await complete(scene, processId);
  assert.ok(outcome.phase === 'succeeded' && outcome.results.files === 1);
  assert.equal(await state(processId), 'COMPLETED');
  assert.ok(controlPlane.callbacks.every(({ path }) => path.includes(provider.processId)));
  const [sent, taken] = [await recorded(scene, provider.processId), await resultsOf(scene, processId)];
  assert.ok(sent.outcome.phase === 'succeeded' && sent.outcome.results.bytes === outcome.results.bytes);
  assert.equal(Object.keys(taken).length, 1);
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
