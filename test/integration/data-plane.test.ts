import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import type { ConnectorSimulator, ConnectorVersion, TransferProcess } from 'connector-simulator';
import { flowName } from '../../src/flow/names.ts';
import { startWorld, type ConnectorOptions } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const versions = ['0.15.1-data-plane', '0.17.0', '0.18.0'] as const;

function nameOf(version: ConnectorVersion): string {
  return `dp-${version.replaceAll('.', '-')}`;
}

function aDataPlane(version: ConnectorVersion, name = nameOf(version)): ConnectorOptions {
  return { name, version, requestRetryMillis: 50, settings: { dialect: 'data-plane' } };
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

test(
  'data planes of three releases are provisioned, deprovisioned and told so',
  { concurrency: true },
  async (t) => {
    const world = await startWorld(t, { connectors: versions.map((version) => aDataPlane(version)) });
    await Promise.all(
      versions.flatMap((version) => [
        t.test(`a push of ${version}, with one callback and one confirmation`, async () => {
          const name = nameOf(version);
          const connector = world.connector(name);
          const { id, consumer, counts, rewinds, disclosed, ...process } = await push(world, name, 'echo');
          assert.equal(consumer.state, 'COMPLETED');
          assert.deepEqual([counts.callback, counts.confirm, counts.source, rewinds], [1, 1, 1, 0]);
          assert.equal(process.overtaken, false);
          const [received] = connector.received(id);
          assert.equal(await readFile(received?.path ?? '', 'utf8'), 'hello from the worker: ä ö ü €\n');
          const shown = JSON.stringify(disclosed ?? {});
          for (const secret of world.secrets)
            assert.ok(!shown.includes(secret), 'the consumer sees a secret');
          const flow = flowOf({ id, ...process } as TransferProcess, name);
          const record = await world.bucket.record(flow);
          assert.deepEqual(
            [record?.delivery.result, record?.confirmation?.result],
            ['delivered', 'delivered'],
          );
          assert.deepEqual(await world.bucket.results(flow), []);
        }),
        t.test(`a job that fails ends the transfer of ${version} with its reason`, async () => {
          const { errorDetail, consumer, counts } = await push(world, nameOf(version), 'exit-1');
          assert.match(errorDetail ?? '', /410 - worker-failed/);
          assert.equal(consumer.state, 'TERMINATED');
          assert.deepEqual([counts.callback, counts.confirm, counts.source], [1, 1, 1]);
        }),
        t.test(`requests of ${version} that are repeated make one job and one callback`, async () => {
          const name = nameOf(version);
          const connector = world.connector(name);
          const transfer = connector.startTransfer({ assetId: 'echo' });
          await connector.waitFor(transfer.id, ({ counts }) => counts.provision > 0);
          const repeats = await connector.repeat(transfer.id, { times: 5 });
          const refused = repeats.filter((one) => one.kind === 'answered' && one.status !== 200);
          assert.deepEqual(refused, []);
          const { counts, rewinds } = await end(world, transfer, name);
          const again = await connector.repeat(transfer.id, { times: 2, type: 'deprovision' });
          const late = again.filter((one) => one.kind === 'answered' && one.status !== 200);
          assert.deepEqual(late, []);
          assert.deepEqual([counts.callback, counts.confirm, rewinds], [1, 1, 0]);
        }),
      ]),
    );
  },
);

test('a request that can never be served ends its transfer with the reason', async (t) => {
  const world = await startWorld(t, { connectors: [aDataPlane('0.18.0', 'hopeless')] });
  const { id, errorDetail, consumer, counts, ...process } = await push(world, 'hopeless', 'absent');
  assert.match(errorDetail ?? '', /410 - request-refused/);
  assert.equal(consumer.state, 'TERMINATED');
  assert.deepEqual([counts.provision, counts.callback, counts.confirm], [1, 1, 1]);
  const record = await world.bucket.record(flowOf({ id, ...process } as TransferProcess, 'hopeless'));
  assert.partialDeepStrictEqual(record?.outcome, { phase: 'failed', reason: 'request-refused' });
  const pods = await world.namespace.pods();
  assert.deepEqual(pods, []);
});

test('a consumer that pulls fetches from the address that it is shown', async (t) => {
  const world = await startWorld(t, { connectors: [aDataPlane('0.18.0', 'puller')] });
  const connector = world.connector();
  const { id } = connector.startTransfer({ assetId: 'echo', mode: 'pull' });
  await connector.waitFor(id, 'STARTED');
  assert.equal((await connector.pull(id)).bytes, Buffer.byteLength('hello from the worker: ä ö ü €\n'));
});

const faults = [
  { name: 'and was taken', applied: true, callbacks: 1 },
  { name: 'and was not taken', applied: false, callbacks: 2 },
];
for (const { name, applied, callbacks } of faults) {
  test(`a callback whose answer was lost ${name} is settled by what the control plane says`, async (t) => {
    const { world, connector } = await startAsked(t);
    connector.misbehave('callback', { kind: 'close', applied }, 1);
    const transfer = connector.startTransfer({ assetId: 'echo' });
    const { counts, rewinds, consumer } = await end(world, transfer, 'asked');
    const sent = connector.exchanges({ kind: 'callback', transferProcessId: transfer.id });
    assert.equal(sent.filter(({ target }) => target.endsWith('/provision')).length, callbacks);
    assert.deepEqual([counts.callback, rewinds, consumer.state], [1, 0, 'COMPLETED']);
  });
}

/** With a management API; a push waits for nothing, so that the deprovision comes before or after what was lost is settled. */
async function startAsked(t: TestContext): Promise<{ world: World; connector: ConnectorSimulator }> {
  const connectors = [{ ...aDataPlane('0.18.0', 'asked'), asked: true }];
  const world = await startWorld(t, { connectors });
  return { world, connector: world.connector() };
}

test('a callback whose answer was lost is not repeated to a connector that cannot be asked', async (t) => {
  const world = await startWorld(t, { connectors: [aDataPlane('0.18.0', 'silent')] });
  const connector = world.connector();
  connector.misbehave('callback', { kind: 'close' }, 1);
  const transfer = connector.startTransfer({ assetId: 'echo' });
  const flow = flowOf(transfer, 'silent');
  const { delivery } = await waitUntil('the flow is recorded', () => world.bucket.record(flow));
  assert.equal(delivery.result, 'abandoned');
  assert.match(delivery.detail ?? '', /cannot be asked/);
  assert.equal(answersTo(connector, transfer.id, 'provision').length, 1);
  assert.ok((await world.bucket.results(flow)).length > 0, 'they may be fetched');
});

test('a service that is killed between a callback and its answer sends no second one', async (t) => {
  const { world, connector } = await startAsked(t);
  connector.misbehave('callback', { kind: 'hang', applied: true }, 1);
  const transfer = connector.startTransfer({ assetId: 'echo' });
  await connector.waitFor(transfer.id, ({ counts }) => counts.callback === 1);
  await world.service.kill();
  await world.service.start();
  const { rewinds, counts, consumer } = await end(world, transfer, 'asked');
  assert.deepEqual([rewinds, counts.callback, counts.confirm], [0, 1, 1]);
  assert.equal(consumer.state, 'COMPLETED');
});
