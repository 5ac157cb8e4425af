import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorSimulator, TransferProcess } from 'connector-simulator';
import { flowName } from '../../src/flow/names.ts';
import { runBeside } from '../support/run-beside.ts';
import { startWorld, type ConnectorOptions } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

function aDataPlane(name: string): ConnectorOptions {
  return { name, version: '0.18.0', requestRetryMillis: 50, settings: { dialect: 'data-plane' } };
}

function flowOf({ id, resourceDefinitionId }: TransferProcess, connector: string): string {
  const ids = { flowId: id, provisionResourceId: resourceDefinitionId };
  return flowName({ dialect: 'data-plane', connector, ids });
}

/** Until the confirmation of its deprovision has come and the flow is recorded. */
async function end(world: World, { id }: TransferProcess, connector: string): Promise<TransferProcess> {
  const ended = await world.connector(connector).waitFor(id, ({ dataFlow }) => dataFlow === 'DEPROVISIONED');
  const flow = flowOf(ended, connector);
  await waitUntil(
    'the confirmation is recorded',
    async () => (await world.bucket.record(flow))?.confirmation,
  );
  return world.connector(connector).process(id);
}

async function push(world: World, name: string, assetId: string): Promise<TransferProcess> {
  return await end(world, world.connector(name).startTransfer({ assetId }), name);
}

function answersTo(connector: ConnectorSimulator, id: string, act: string): (number | undefined)[] {
  const all = connector.exchanges({ kind: 'callback', transferProcessId: id });
  return all.filter(({ target }) => target.endsWith(`/${act}`)).map(({ status }) => status);
}

const connectors = [
  aDataPlane('hopeless'),
  aDataPlane('puller'),
  { ...aDataPlane('taken'), asked: true },
  { ...aDataPlane('not-taken'), asked: true },
  aDataPlane('silent'),
];

const scenarios: Record<string, (world: World) => Promise<void>> = {
  'a request that can never be served ends its transfer with the reason': refusesRequest,
  'a consumer that pulls fetches from the address that it is shown, which holds no key': showsAddress,
  'a callback whose answer was lost and was taken is settled by what the control plane says': (world) =>
    losesAnswer(world, 'taken', { applied: true, callbacks: 1 }),
  'a callback whose answer was lost and was not taken is settled by what the control plane says': (world) =>
    losesAnswer(world, 'not-taken', { applied: false, callbacks: 2 }),
  'a callback whose answer was lost is not repeated to a connector that cannot be asked': isNotRepeated,
};

test('transfers of several data planes, beside each other', { concurrency: true }, async (t) => {
  await runBeside(t, await startWorld(t, { connectors }), scenarios);
});

test('a service that is killed between a callback and its answer sends no second one', async (t) => {
  const world = await startWorld(t, { connectors: [{ ...aDataPlane('asked'), asked: true }] });
  const connector = world.connector();
  connector.misbehave('callback', { kind: 'hang', applied: true }, 1);
  const transfer = connector.startTransfer({ assetId: 'echo' });
  await connector.waitFor(transfer.id, ({ counts }) => counts.callback === 1);
  await world.service.kill();
  await world.service.start();
  const { rewinds, counts, consumer } = await end(world, transfer, 'asked');
  assert.deepEqual([rewinds, counts.callback, counts.confirm], [0, 1, 1]);
  assert.equal(consumer.state, 'COMPLETED');
});

async function refusesRequest(world: World): Promise<void> {
  const { id, errorDetail, consumer, counts, ...process } = await push(world, 'hopeless', 'absent');
  assert.match(errorDetail ?? '', /410 - request-refused/);
  assert.equal(consumer.state, 'TERMINATED');
  assert.deepEqual([counts.provision, counts.callback, counts.confirm], [1, 1, 1]);
  const flow = flowOf({ id, ...process } as TransferProcess, 'hopeless');
  const record = await world.bucket.record(flow);
  assert.partialDeepStrictEqual(record?.outcome, { phase: 'failed', reason: 'request-refused' });
  assert.deepEqual(await world.namespace.pods(flow), []);
}

async function showsAddress(world: World): Promise<void> {
  const connector = world.connector('puller');
  const { id } = connector.startTransfer({ assetId: 'echo', mode: 'pull' });
  const { disclosed } = await connector.waitFor(id, 'STARTED');
  const shown = JSON.stringify(disclosed);
  for (const secret of world.secrets) assert.ok(!shown.includes(secret), 'the consumer sees a secret');
  assert.equal((await connector.pull(id)).bytes, Buffer.byteLength('hello from the worker: ä ö ü €\n'));
}

/** With a management API; a push waits for nothing, so that the deprovision comes before or after what was lost is settled. */
async function losesAnswer(
  world: World,
  name: string,
  { applied, callbacks }: { applied: boolean; callbacks: number },
): Promise<void> {
  const connector = world.connector(name);
  connector.misbehave('callback', { kind: 'close', applied }, 1);
  const transfer = connector.startTransfer({ assetId: 'echo' });
  const { counts, rewinds, consumer } = await end(world, transfer, name);
  const sent = connector.exchanges({ kind: 'callback', transferProcessId: transfer.id });
  assert.equal(sent.filter(({ target }) => target.endsWith('/provision')).length, callbacks);
  assert.deepEqual([counts.callback, rewinds, consumer.state], [1, 0, 'COMPLETED']);
}

async function isNotRepeated(world: World): Promise<void> {
  const connector = world.connector('silent');
  connector.misbehave('callback', { kind: 'close' }, 1);
  const transfer = connector.startTransfer({ assetId: 'echo' });
  const flow = flowOf(transfer, 'silent');
  const { delivery } = await waitUntil('the flow is recorded', () => world.bucket.record(flow));
  assert.equal(delivery.result, 'abandoned');
  assert.match(delivery.detail ?? '', /cannot be asked/);
  assert.equal(answersTo(connector, transfer.id, 'provision').length, 1);
  assert.ok((await world.bucket.results(flow)).length > 0, 'they may be fetched');
}
