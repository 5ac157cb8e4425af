import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test, type TestContext } from 'node:test';
import { startHttpSink, type HttpSink } from 'connector-simulator';
import { startMessage } from '../support/signaling-callbacks.ts';
import { message, playScenarios, startScene, type Scenario, type Scene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

const content = Buffer.from('hello from the worker: ä ö ü €\n');
const digest = createHash('sha256').update(content).digest('hex');
const secret = 'token-of-the-sink';

/** After the first byte. */
const drop = { kind: 'drop', afterBytes: 1 } as const;

async function startSink(t: TestContext): Promise<HttpSink> {
  const sink = await startHttpSink();
  t.after(() => sink.stop());
  return sink;
}

function urlOf({ origin }: HttpSink): string {
  return `${origin}/inbox`;
}

function startPush(url: string, members: object = {}): { messageId: string; processId: string } {
  const endpointProperties = [
    { name: 'authorization', value: secret },
    { name: 'authType', value: 'bearer' },
  ];
  const dataAddress = { endpointType: 'HttpData', endpoint: url, endpointProperties };
  return startMessage({ profile: 'HttpData-PUSH', dataAddress, ...members });
}

async function ended({ world, flowOf }: Scene, processId: string) {
  return await waitUntil('the flow is recorded', () => world.bucket.record(flowOf(processId)));
}

function notices({ controlPlane }: Scene): string[] {
  return controlPlane.callbacks.map(({ path }) => path.replace(/.*\//, ''));
}

const failurePage = '<html><h2>HTTP ERROR 500 Internal Server Error</h2></html>';

const scenarios: Record<string, Scenario> = {
  sent: {
    title: 'results are pushed to the address of the consumer, and then completed',
    play: sendsResults,
  },
  refused: {
    title: 'a sink that refuses the results ends the push with one request, and errored',
    play: isRefused,
  },
  suspended: {
    title: 'a suspended push sends no byte, and starts again at the resume, to a new address',
    play: isSuspended,
  },
  'at-once': {
    title: 'a push that starts at once is completed without being started a second time',
    play: startsAtOnce,
  },
  terminated: { title: 'a push that is terminated is broken off, and nothing follows', play: isTerminated },
  unusable: {
    title: 'an address that cannot be pushed to is refused, and makes no job',
    play: refusesAddresses,
  },
  lost: {
    title:
      'a lost started that a proxy then answers with 500 is repeated until it is taken, and nothing is pushed before',
    play: repeatsStarted,
  },
  'too-early': {
    title: 'a control plane that has not taken started, though it looks so, gets it again before completed',
    play: startsBeforeCompleted,
  },
};

test('pushes of several control planes, beside each other', { concurrency: true }, async (t) => {
  await playScenarios(t, scenarios);
});

test('the attempts after which a push leaves its place are a setting', async (t) => {
  const scene = await startScene(t, {}, { env: { EDC_JP_TRANSFERS_ATTEMPTS: '1' } });
  const sink = await startSink(t);
  sink.misbehaveNext(drop);
  const { processId, ...start } = startPush(urlOf(sink));
  await scene.send('start', { processId, ...start });
  const { push } = await ended(scene, processId);
  assert.equal(push?.end?.result, 'sent');
  const interrupted = scene.world.service.entries.filter(({ msg }) => msg === 'push interrupted');
  assert.deepEqual(
    interrupted.map(({ attempts }) => attempts),
    [1],
  );
});

async function sendsResults(scene: Scene, t: TestContext): Promise<void> {
  const sink = await startSink(t);
  sink.misbehaveNext(drop, { kind: 'status', status: 503 });
  const start = startPush(urlOf(sink));
  const { processId } = start;
  const first = await scene.send('start', start);
  assert.deepEqual([first.status, first.body.state], [202, 'STARTING']);
  assert.deepEqual(await scene.send('start', start), first);
  const { push, completion, protocol } = await ended(scene, processId);
  assert.equal(push?.end?.result, 'sent');
  assert.deepEqual(
    [completion?.result, completion?.attempts, protocol?.state],
    ['delivered', 1, 'COMPLETED'],
  );
  assert.deepEqual(notices(scene), ['started', 'completed']);
  assert.ok(scene.controlPlane.callbacks.every(({ body }) => !('dataAddress' in body)));
  assert.deepEqual(
    sink.uploads.map(({ complete }) => complete),
    [false, true, true],
  );
  const last = sink.uploads.at(-1);
  assert.deepEqual(
    [last?.bytes, last?.sha256, last?.headers.authorization],
    [content.length, digest, `Bearer ${secret}`],
  );
  assert.equal(await scene.state(processId), 'COMPLETED');
  const jobs = JSON.stringify(await scene.jobs());
  assert.ok(!jobs.includes(secret), 'no secret is on the Job');
  assert.ok(!scene.world.service.log.join('\n').includes(secret), 'no secret is in the log');
}

async function isRefused(scene: Scene, t: TestContext): Promise<void> {
  const sink = await startSink(t);
  sink.misbehaveNext({ kind: 'status', status: 403 });
  const { processId, ...start } = startPush(urlOf(sink));
  await scene.send('start', { processId, ...start });
  const { push, completion } = await ended(scene, processId);
  assert.deepEqual([push?.end?.result, push?.attempts, sink.uploads.length], ['failed', 1, 1]);
  assert.equal(completion?.result, 'delivered');
  assert.deepEqual(notices(scene), ['started', 'errored']);
  assert.match(scene.controlPlane.callbacks.at(-1)?.body.error ?? '', /^push-failed: .*403/);
  assert.equal(await scene.state(processId), 'STARTED');
}

async function isSuspended(scene: Scene, t: TestContext): Promise<void> {
  const [slow, other] = [await startSink(t), await startSink(t)];
  slow.misbehave({ kind: 'hang' });
  const start = startPush(urlOf(slow));
  const { processId } = start;
  await scene.send('start', start);
  await waitUntil('the sink is sent to', () => slow.uploads.length === 1);
  assert.equal((await scene.send(`${processId}/suspend`, message())).status, 200);
  assert.equal(await scene.state(processId), 'SUSPENDED');
  const dataAddress = { endpointType: 'HttpData', endpoint: urlOf(other) };
  const resumed = await scene.send(`${processId}/resume`, { ...message(), dataAddress });
  assert.deepEqual([resumed.body.state, 'dataAddress' in resumed.body], ['STARTED', false]);
  const { push } = await ended(scene, processId);
  assert.deepEqual([push?.end?.result, push?.attempts], ['sent', 2]);
  assert.deepEqual([slow.uploads.length, other.uploads.length], [1, 1]);
  assert.equal(
    other.uploads[0]?.headers.authorization,
    undefined,
    'the token of the first sink is not sent to another',
  );
  assert.deepEqual(notices(scene), ['started', 'completed']);
}

async function startsAtOnce(scene: Scene, t: TestContext): Promise<void> {
  const sink = await startSink(t);
  const start = startPush(urlOf(sink), { datasetId: 'gated-at-once' });
  const { processId } = start;
  const first = await scene.send('start', start);
  assert.deepEqual([first.status, first.body.state, 'dataAddress' in first.body], [200, 'STARTED', false]);
  scene.world.gate.open();
  const { delivery, push } = await ended(scene, processId);
  assert.deepEqual([delivery.result, push?.end?.result], ['skipped', 'sent']);
  assert.deepEqual([notices(scene), sink.uploads.length], [['completed'], 1]);
}

async function isTerminated(scene: Scene, t: TestContext): Promise<void> {
  const sink = await startSink(t);
  sink.misbehave({ kind: 'hang' });
  const start = startPush(urlOf(sink));
  const { processId } = start;
  await scene.send('start', start);
  await waitUntil('the sink is sent to', () => sink.uploads.length === 1);
  assert.equal((await scene.send(`${processId}/terminate`, message())).status, 200);
  const record = await waitUntil('the results are deleted', async () => {
    const found = await scene.world.bucket.record(scene.flowOf(processId));
    return found?.resultsDeletedAt === undefined ? undefined : found;
  });
  assert.equal(record.push?.end, undefined);
  assert.deepEqual(notices(scene), ['started']);
  assert.deepEqual([sink.uploads.length, await scene.state(processId)], [1, 'TERMINATED']);
}

async function refusesAddresses(scene: Scene): Promise<void> {
  for (const dataAddress of [
    undefined,
    { endpointType: 'AmazonS3' },
    { endpointType: 'HttpData', endpoint: 'ftp://x/' },
  ]) {
    const answer = await scene.send('start', startMessage({ profile: 'HttpData-PUSH', dataAddress }));
    assert.equal(answer.status, 400);
    assert.match(answer.body.detail ?? '', /^dataAddress/);
  }
  assert.deepEqual(await scene.jobs(), []);
}

async function repeatsStarted(scene: Scene, t: TestContext): Promise<void> {
  const sink = await startSink(t);
  scene.controlPlane.answerNext('drop', 500, 500);
  const { processId, ...start } = startPush(urlOf(sink));
  await scene.send('start', { processId, ...start });
  const { push, delivery } = await ended(scene, processId);
  assert.deepEqual([push?.end?.result, delivery.result, delivery.attempts], ['sent', 'delivered', 4]);
  assert.deepEqual(notices(scene), [...Array<string>(4).fill('started'), 'completed']);
  assert.equal(sink.uploads.length, 1);
}

async function startsBeforeCompleted(scene: Scene, t: TestContext): Promise<void> {
  const sink = await startSink(t);
  const message = "Could not execute CompleteTransferCommand with ID 1 because it's STARTUP_REQUESTED";
  const waiting = { status: 409, body: JSON.stringify([{ message, type: 'ObjectConflict' }]) };
  scene.controlPlane.answerNext('drop', { status: 500, body: failurePage }, waiting);
  const { processId, ...start } = startPush(urlOf(sink));
  await scene.send('start', { processId, ...start });
  const { push, completion } = await ended(scene, processId);
  assert.deepEqual([push?.end?.result, completion?.result, completion?.attempts], ['sent', 'delivered', 2]);
  assert.deepEqual(notices(scene), ['started', 'started', 'completed', 'started', 'completed']);
  assert.deepEqual(
    scene.controlPlane.callbacks.map(({ body }) => body.state),
    ['STARTED', 'STARTED', 'COMPLETED', 'STARTED', 'COMPLETED'],
  );
  assert.equal(new Set(scene.controlPlane.callbacks.map(({ body }) => body.messageId)).size, 2);
  assert.equal(sink.uploads.length, 1);
}
