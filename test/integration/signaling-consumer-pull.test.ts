import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { startMessage as creation } from '../support/signaling-callbacks.ts';
import { message, playScenarios, type Scenario, type Scene } from '../support/signaling-scene.ts';
import { waitUntil } from '../support/wait-until.ts';

const settings = { prepareLater: ['later'], completeEmpty: ['empty'] };

async function prepared(scene: Scene, members: object = {}): Promise<string> {
  const prepare = creation(members);
  const answer = await scene.send('prepare', prepare);
  assert.deepEqual(
    [answer.status, answer.body.state, 'dataAddress' in answer.body],
    [200, 'PREPARED', false],
  );
  assert.equal(answer.body.dataFlowId, prepare.processId);
  return prepare.processId;
}

function notices({ controlPlane }: Scene): [string, string][] {
  return controlPlane.callbacks.map(({ path, body }) => [path.replace(/.*\//, ''), body.state]);
}

async function recorded({ world, flowOf }: Scene, processId: string) {
  return await waitUntil('the flow is recorded', () => world.bucket.record(flowOf(processId)));
}

const scenarios: Record<string, Scenario> = {
  lives: {
    title:
      'a consumer prepares a dataset that no template makes, starts, suspends and resumes it, until it is terminated',
    members: settings,
    play: preparesStartsSuspends,
  },
  terminated: {
    title: 'a transfer is terminated before it was started, and while it is suspended',
    members: settings,
    play: isTerminated,
  },
  later: {
    title: 'a flow that is prepared later is called back until that is taken',
    members: settings,
    play: isPreparedLater,
  },
  early: {
    title: 'a flow that is terminated while it is prepared is not called back',
    members: settings,
    play: isTerminatedEarly,
  },
  empty: {
    title: 'a pull that is started without an address completes by itself where the settings say so',
    members: settings,
    play: completesEmpty,
  },
  'at-once': {
    title: 'a pull that is suspended at once is completed only after its resume',
    members: settings,
    play: isSuspendedAtOnce,
  },
  renewal: {
    title: 'an address whose token cannot be renewed is refused where the settings say so',
    members: { tokenRenewal: 'required' },
    play: needsRenewal,
  },
};

test('pulls of several control planes, beside each other', { concurrency: true }, async (t) => {
  await playScenarios(t, scenarios);
});

async function preparesStartsSuspends(scene: Scene): Promise<void> {
  const { send, state, world } = scene;
  const prepare = creation({ datasetId: 'of-another-provider' });
  const { processId } = prepare;
  const [first, again] = await Promise.all([send('prepare', prepare), send('prepare', prepare)]);
  assert.deepEqual([first.status, first.body.state], [200, 'PREPARED']);
  assert.deepEqual(again, first, 'the same message gets the same answer');
  const other = await send('prepare', { ...prepare, messageId: randomUUID() });
  assert.deepEqual([other.status, (other.body as { field?: string }).field], [409, 'processId']);
  const started = message();
  assert.equal((await send(`${processId}/suspend`, message())).status, 409, 'nothing flows yet');
  assert.equal((await send(`${processId}/started`, started)).status, 200);
  assert.equal((await send(`${processId}/started`, started)).status, 200);
  assert.equal(await state(processId), 'STARTED');
  assert.equal((await send(`${processId}/suspend`, message())).status, 200);
  assert.equal(await state(processId), 'SUSPENDED');
  const resumed = await send(`${processId}/resume`, message());
  assert.deepEqual([resumed.body.state, 'dataAddress' in resumed.body], ['STARTED', false]);
  assert.equal(
    (await send(`${processId}/completed`, {})).status,
    400,
    'a consumer of a pull says that itself',
  );
  assert.equal((await send(`${processId}/terminate`, message())).status, 200);
  assert.equal(await state(processId), 'TERMINATED');
  const record = await recorded(scene, processId);
  assert.equal('reason' in record.outcome && record.outcome.reason, 'deprovisioned');
  assert.deepEqual([record.delivery.result, record.request.consumer], ['skipped', 'provider']);
  assert.deepEqual(notices(scene), []);
  const jobs = await scene.jobs();
  assert.deepEqual(
    jobs.map(({ spec }) => spec?.suspend),
    [true],
    'its Job is never resumed',
  );
  assert.deepEqual(await world.bucket.results(scene.flowOf(processId)), []);
}

async function isTerminated(scene: Scene): Promise<void> {
  const { send, state } = scene;
  const [early, suspended] = [await prepared(scene), await prepared(scene)];
  await send(`${suspended}/started`, message());
  await send(`${suspended}/suspend`, message());
  for (const processId of [early, suspended]) {
    assert.equal((await send(`${processId}/terminate`, message())).status, 200);
    assert.equal(await state(processId), 'TERMINATED');
    assert.equal((await recorded(scene, processId)).outcome.phase, 'cancelled');
  }
  assert.deepEqual(notices(scene), []);
}

async function isPreparedLater(scene: Scene): Promise<void> {
  const { send, state, controlPlane } = scene;
  controlPlane.answerNext(404, 503);
  const prepare = creation({ datasetId: 'later' });
  const { processId } = prepare;
  const first = await send('prepare', prepare);
  assert.deepEqual([first.status, first.body.state, 'dataAddress' in first.body], [202, 'PREPARING', false]);
  assert.match(first.location ?? '', new RegExp(`/dataflows/${processId}/status$`));
  assert.deepEqual(await send('prepare', prepare), first);
  await waitUntil('prepared is delivered', () => controlPlane.callbacks.length === 3);
  const { callbacks } = controlPlane;
  assert.ok(callbacks.every(({ path }) => path === `/transfers/${processId}/dataflow/prepared`));
  assert.equal(new Set(callbacks.map(({ body }) => body.messageId)).size, 1, 'a repeat has the same id');
  assert.equal(callbacks[0]?.body.state, 'PREPARED');
  assert.equal(await state(processId), 'PREPARED');
  assert.equal((await send(`${processId}/started`, message())).status, 200);
  await send(`${processId}/terminate`, message());
  const { readiness } = await recorded(scene, processId);
  assert.deepEqual([readiness?.result, readiness?.attempts], ['delivered', 3]);
  assert.equal(callbacks.length, 3);
}

async function isTerminatedEarly(scene: Scene): Promise<void> {
  const { processId, ...prepare } = creation({ datasetId: 'later' });
  await scene.send('prepare', { processId, ...prepare });
  assert.equal((await scene.send(`${processId}/started`, message())).status, 409, 'it is not prepared yet');
  assert.equal((await scene.send(`${processId}/terminate`, message())).status, 200);
  await recorded(scene, processId);
  assert.deepEqual(notices(scene), []);
}

async function completesEmpty(scene: Scene): Promise<void> {
  const { send, state, controlPlane } = scene;
  controlPlane.answerNext(409);
  const processId = await prepared(scene, { datasetId: 'empty' });
  assert.equal((await send(`${processId}/started`, message())).status, 200);
  const { outcome, delivery } = await recorded(scene, processId);
  assert.ok(outcome.phase === 'succeeded');
  assert.deepEqual([outcome.results.files, outcome.results.bytes], [0, 0]);
  assert.deepEqual([delivery.result, delivery.attempts], ['delivered', 2]);
  assert.deepEqual(notices(scene), [
    ['completed', 'COMPLETED'],
    ['completed', 'COMPLETED'],
  ]);
  assert.equal(await state(processId), 'COMPLETED');
  assert.equal((await send(`${processId}/suspend`, message())).status, 409);
}

async function isSuspendedAtOnce(scene: Scene): Promise<void> {
  const { send, state } = scene;
  const processId = await prepared(scene, { datasetId: 'empty' });
  await send(`${processId}/started`, message());
  assert.equal((await send(`${processId}/suspend`, message())).status, 200);
  // A flow that came later is completed in between, so that the first one had its turn.
  const later = await prepared(scene, { datasetId: 'empty' });
  await send(`${later}/started`, message());
  await recorded(scene, later);
  assert.deepEqual([await state(processId), await state(later)], ['SUSPENDED', 'COMPLETED']);
  assert.equal((await send(`${processId}/resume`, message())).status, 200);
  const { delivery } = await recorded(scene, processId);
  assert.equal(delivery.attempts, 1);
  assert.deepEqual(notices(scene), [
    ['completed', 'COMPLETED'],
    ['completed', 'COMPLETED'],
  ]);
}

async function needsRenewal(scene: Scene): Promise<void> {
  const processId = await prepared(scene);
  const endpointType = 'https://w3id.org/dspace-sig/profile/http-pull';
  const token = { authorization: 'token', authType: 'bearer' };
  const renewal = {
    refreshToken: 'refresh',
    expiresIn: '300',
    refreshEndpoint: 'https://provider.invalid/t',
  };
  function addressOf(properties: Record<string, string>): object {
    const endpointProperties = Object.entries(properties).map(([name, value]) => ({ name, value }));
    return { endpointType, endpoint: 'https://provider.invalid/', endpointProperties };
  }
  const refused = { ...message(), dataAddress: addressOf(token) };
  const answer = await scene.send(`${processId}/started`, refused);
  assert.deepEqual(
    [answer.status, (answer.body as { field?: string }).field],
    [400, 'dataAddress.endpointProperties'],
  );
  assert.equal(await scene.state(processId), 'PREPARED');
  const renewable = { ...message(), dataAddress: addressOf({ ...token, ...renewal }) };
  assert.equal((await scene.send(`${processId}/started`, renewable)).status, 200);
}
