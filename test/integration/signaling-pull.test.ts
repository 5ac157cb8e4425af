import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { shellTemplate } from '../support/shell-template.ts';
import { startMessage } from '../support/signaling-callbacks.ts';
import {
  message,
  playScenarios,
  untilAnswered,
  type Answer,
  type Scenario,
  type Scene,
} from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

const content = 'hello from the worker: ä ö ü €\n';

const towns = shellTemplate({ script: 'printf "%s %s" "$TOWN" "$TICKS" > "$RESULT_DIRECTORY/said.txt"' });
const properties = { TOWN: { type: 'string', default: 'north' }, TICKS: { type: 'integer', default: 1 } };
const townsYaml = JSON.stringify({
  ...(JSON.parse(towns['template.yaml'] ?? '') as object),
  ...{
    parameters: { properties },
    envFiles: ['*'],
    results: { file: 'said.txt', storage: { size: '16Mi' } },
  },
});

const scenarios: Record<string, Scenario> = {
  pulls: { title: 'a consumer pulls from a data plane that made the data for it', play: pulls },
  'at-once': {
    title: 'a flow that starts at once has an address that refuses until the results are there',
    play: startsAtOnce,
  },
  terminated: {
    title: 'a transfer that is terminated while its job runs is not called back, and leaves nothing',
    play: isTerminated,
  },
  fails: {
    title: 'a job that fails is reported as errored, in the state that the flow had, until it is terminated',
    play: isErrored,
  },
  'env-files': {
    title:
      'the env files of the asset and of the counterparty change the environment of the next flows alone',
    play: takesEnvFiles,
  },
  wrong: {
    title: 'messages that can never work are refused with their field, and make no job',
    play: refusesMessages,
  },
};

test('pulls of several control planes, beside each other', { concurrency: true }, async (t) => {
  await playScenarios(t, scenarios, { templates: { towns: { ...towns, 'template.yaml': townsYaml } } });
});

async function pulls(scene: Scene): Promise<void> {
  const { world, controlPlane, send, state } = scene;
  const { callbacks } = controlPlane;
  const start = startMessage();
  const { processId } = start;
  const [first, again] = await Promise.all([send('start', start), send('start', start)]);
  assert.deepEqual([first.status, first.body.state, first.body.dataFlowId], [202, 'STARTING', processId]);
  assert.ok(!('dataAddress' in first.body));
  assert.match(first.location ?? '', new RegExp(`/dataflows/${processId}/status$`));
  assert.deepEqual(again, first, 'the same message gets the same answer');
  const other = await send('start', { ...start, messageId: randomUUID() });
  assert.deepEqual(
    [other.status, other.body.detail],
    [409, 'processId: expected a new id, this one has a data flow'],
  );

  await waitUntil('started is delivered', () => callbacks.length > 0);
  const [started] = callbacks;
  assert.equal(started?.path, `/transfers/${processId}/dataflow/started`);
  assert.deepEqual([started.body.dataFlowId, started.body.state], [processId, 'STARTED']);
  const url = started.body.dataAddress?.endpoint ?? '';
  assert.deepEqual(await get(url), { status: 200, text: content });
  assert.equal(await state(processId), 'STARTED');

  assert.equal((await send(`${processId}/suspend`, message())).status, 200);
  assert.equal((await get(url)).status, 403);
  assert.equal((await send(`${processId}/suspend`, message())).status, 409);
  const resume = message();
  const resumed = await send(`${processId}/resume`, resume);
  assert.deepEqual([resumed.body.state, resumed.body.dataAddress?.endpoint], ['STARTED', url]);
  assert.deepEqual(await send(`${processId}/resume`, resume), resumed);
  assert.deepEqual(await get(url), { status: 200, text: content });

  assert.equal((await send(`${processId}/completed`)).status, 200);
  assert.equal(await state(processId), 'COMPLETED');
  assert.equal((await get(url)).status, 410);
  assert.equal((await send(`${processId}/completed`, {})).status, 200);
  assert.equal((await send(`${processId}/terminate`, message())).status, 200);
  assert.equal(await state(processId), 'COMPLETED');
  const record = await waitUntil('the flow is recorded', () => world.bucket.record(scene.flowOf(processId)));
  assert.deepEqual([record.delivery.result, record.delivery.attempts], ['delivered', 1]);
  assert.equal(callbacks.length, 1);
  assert.equal((await scene.jobs()).length, 1);
}

async function takesEnvFiles({ world, controlPlane, send, flowOf }: Scene): Promise<void> {
  const { callbacks } = controlPlane;
  const api = `${world.service.url}/api/v1`;
  async function put(file: string, query = ''): Promise<void> {
    const address = `${api}/connectors/env-files/assets/-/env?assetId=towns${query}`;
    const answer = await untilAnswered(address, { method: 'PUT', body: file });
    assert.ok(answer.ok, await answer.text());
  }
  async function start(counterPartyId: string): Promise<{ processId: string; again: () => Promise<Answer> }> {
    const started = startMessage({ datasetId: 'towns', counterPartyId });
    const answer = await send('start', started);
    assert.equal(answer.status, 202, answer.body.detail);
    return { processId: started.processId, again: () => send('start', started) };
  }
  async function said({ processId }: { processId: string }): Promise<string> {
    const path = `/transfers/${processId}/dataflow/started`;
    const callback = await waitUntil('started is delivered', () =>
      callbacks.find((one) => one.path === path),
    );
    return (await get(callback.body.dataAddress?.endpoint ?? '')).text;
  }
  const before = await start('one');
  await put('TOWN=east\nTICKS=2\n');
  await put('TOWN=south\n', '&consumer=one');
  const own = await start('one');
  const other = await start('two');
  await put('TOWN=west\n', '&consumer=one');
  // A repeat finds its flow, whatever version is current.
  assert.equal((await own.again()).status, 202);
  assert.deepEqual(await Promise.all([before, own, other].map(said)), ['north 1', 'south 2', 'east 2']);
  const answer = await untilAnswered(`${api}/jobs/${flowOf(own.processId)}`);
  const job = (await answer.json()) as { envFiles?: object };
  assert.partialDeepStrictEqual(job.envFiles, { asset: { version: 1 }, consumer: { version: 1 } });
}

async function startsAtOnce(scene: Scene): Promise<void> {
  const { world, controlPlane, send, state } = scene;
  const start = startMessage({ datasetId: 'gated-at-once' });
  const { processId } = start;
  const first = await send('start', start);
  assert.deepEqual([first.status, first.body.state], [200, 'STARTED']);
  assert.deepEqual(await send('start', start), first, 'the same message gets the same address');
  const url = first.body.dataAddress?.endpoint ?? '';
  const early = await fetch(url);
  assert.deepEqual([early.status, early.headers.get('retry-after')], [503, '5']);
  await early.body?.cancel();
  world.gate.open();
  const { delivery } = await waitUntil('the flow is recorded', () =>
    world.bucket.record(scene.flowOf(processId)),
  );
  assert.equal(delivery.result, 'skipped');
  assert.equal((await get(url)).status, 200);
  await send(`${processId}/suspend`, message());
  assert.equal((await get(url)).status, 403);
  const resumed = await send(`${processId}/resume`, message());
  assert.equal(resumed.body.dataAddress?.endpoint, url);
  await send(`${processId}/terminate`, message());
  assert.deepEqual([(await get(url)).status, await state(processId)], [410, 'TERMINATED']);
  assert.deepEqual(controlPlane.callbacks, [], 'the answer has announced it');
}

async function isTerminated(scene: Scene): Promise<void> {
  const { world, controlPlane, send, state } = scene;
  const start = startMessage({ datasetId: 'slow' });
  const { processId } = start;
  assert.equal((await send('start', start)).status, 202);
  assert.equal((await send(`${processId}/suspend`, message())).status, 409, 'nothing flows yet');
  const terminate = { ...message(), reason: 'no longer wanted' };
  assert.equal((await send(`${processId}/terminate`, terminate)).status, 200);
  assert.equal(await state(processId), 'TERMINATED');
  assert.equal((await send(`${processId}/terminate`, terminate)).status, 200);
  const flow = scene.flowOf(processId);
  const { outcome } = await waitUntil('the flow is recorded', () => world.bucket.record(flow));
  assert.deepEqual([outcome.phase, 'reason' in outcome && outcome.reason], ['cancelled', 'deprovisioned']);
  assert.deepEqual(controlPlane.callbacks, []);
  assert.deepEqual(await world.bucket.results(flow), []);
}

async function isErrored(scene: Scene): Promise<void> {
  const { world, controlPlane, send, state } = scene;
  controlPlane.answerNext(401, 500, 409);
  const start = startMessage({ datasetId: 'exit-1' });
  const { processId } = start;
  await send('start', start);
  const record = await waitUntil('the flow is recorded', () => world.bucket.record(scene.flowOf(processId)));
  assert.deepEqual([record.delivery.result, record.delivery.attempts], ['delivered', 4]);
  const { callbacks } = controlPlane;
  assert.deepEqual(
    callbacks.map(({ path, body }) => [path, body.state]),
    Array.from({ length: 4 }, () => [`/transfers/${processId}/dataflow/errored`, 'STARTING']),
  );
  assert.equal(new Set(callbacks.map(({ body }) => body.messageId)).size, 1, 'a repeat has the same id');
  assert.match(callbacks[0]?.body.error ?? '', /^worker-failed: /);
  assert.equal(await state(processId), 'STARTING');
  assert.equal((await send(`${processId}/terminate`, message())).status, 200);
  assert.equal(await state(processId), 'TERMINATED');
}

async function refusesMessages(scene: Scene): Promise<void> {
  const { send } = scene;
  const refused: [object, number, string][] = [
    [{ datasetId: 'unknown' }, 404, 'template'],
    [{ profile: 'AmazonS3-PULL' }, 400, 'profile'],
    [{ dataAddress: { endpointType: 'HttpData', endpoint: 'http://127.0.0.1:1/' } }, 400, 'dataAddress'],
    [{ callbackAddress: 'http://127.0.0.1:1/' }, 400, 'callbackAddress'],
    [{ agreementId: undefined }, 400, 'agreementId'],
  ];
  for (const [members, status, field] of refused) {
    const answer = await send('start', startMessage(members));
    assert.deepEqual([answer.status, (answer.body as { field?: string }).field], [status, field]);
  }
  for (const path of ['suspend', 'resume', 'terminate', 'started', 'completed'])
    assert.equal((await send(`no-such-flow/${path}`, message())).status, 404, path);
  assert.deepEqual(await scene.jobs(), []);
}
