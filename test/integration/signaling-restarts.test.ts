import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test, type TestContext } from 'node:test';
import { startHttpSink, type HttpSink } from 'connector-simulator';
import { findLeader } from '../support/find-leader.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

const content = 'hello from the worker: ä ö ü €\n';
const sha256 = createHash('sha256').update(content).digest('hex');

/** They hang until the service is killed. */
const settings = { reconciler: { deliveryTimeoutMillis: 60_000 } };

const release = '0.18.0-signaling';
const signaling = ['running', 'announced', 'sending'].map((name) => ({ name, release }) as const);

suite('a service that is killed while it serves control planes', { concurrency: true }, () => {
  test('continues with their transfers when it is started again', async (t) => {
    const world = await startWorld(t, { settings, signaling });
    const transfers = await startTransfers(t, world);
    await world.service.kill();
    world.gate.open();
    await world.service.start();
    await assertEnds(world, transfers);
  });

  test('is replaced by another replica, which continues with their transfers', async (t) => {
    const world = await startWorld(t, { settings, signaling, replicas: 2 });
    const leader = await waitUntil('one of them leads', () => findLeader(world.services));
    world.connectAll(world.services.find((service) => service !== leader));
    const transfers = await startTransfers(t, world);
    await leader.kill();
    world.gate.open();
    await assertEnds(world, transfers);
  });
});

interface Transfers {
  /** Its Job runs. */
  running: string;
  /** The control plane has taken `started`, and its answer does not come. */
  announced: { id: string; sink: HttpSink };
  /** The sink has all bytes, and its answer does not come. */
  sending: { id: string; sink: HttpSink };
}

async function startTransfers(t: TestContext, world: World): Promise<Transfers> {
  const running = world.signaling('running').startTransfer({ assetId: 'gated' }).id;
  world.signaling('announced').misbehave('callback', { kind: 'hang', applied: true }, 1);
  const announced = await startPush(t, world, 'announced');
  const sending = await startPush(t, world, 'sending');
  sending.sink.misbehave({ kind: 'hang' }, 1);
  await waitUntil('the job runs', () => world.gate.asked > 0);
  await world.signaling('announced').waitFor(announced.id, 'STARTED');
  await sending.sink.waitFor();
  return { running, announced, sending };
}

async function startPush(
  t: TestContext,
  world: World,
  name: string,
): Promise<{ id: string; sink: HttpSink }> {
  const sink = await startHttpSink();
  t.after(() => sink.stop());
  const transfer = { assetId: 'echo', mode: 'push', dataAddress: sink.address() } as const;
  return { id: world.signaling(name).startTransfer(transfer).id, sink };
}

/** A sink may get a second upload after one whose end was not saved; a whole one is acknowledged, and completed once. */
async function assertEnds(world: World, { running, announced, sending }: Transfers): Promise<void> {
  const pull = world.signaling('running');
  await pull.waitFor(running, 'STARTED');
  assert.equal((await pull.pull(running)).status, 200);
  assert.ok(pull.complete(running));
  await pull.waitFor(running, 'COMPLETED');
  assert.equal(taken(world, 'running', running, 'started'), 1);
  for (const [name, { id, sink }] of Object.entries({ announced, sending })) {
    await world.signaling(name).waitFor(id, 'COMPLETED');
    // A leader that loses its Lease before it has saved the end leaves the upload to be sent again.
    const acknowledged = sink.uploads.filter(({ status }) => status === 200);
    assert.ok(acknowledged.length > 0 && acknowledged.every((one) => one.sha256 === sha256), name);
    assert.deepEqual([taken(world, name, id, 'started'), taken(world, name, id, 'completed')], [1, 1], name);
  }
  const flows = [
    world.dataFlowOf({ id: running }, 'running'),
    world.dataFlowOf(announced, 'announced'),
    world.dataFlowOf(sending, 'sending'),
  ];
  const jobs = (await world.namespace.jobs()).map(({ metadata }) => metadata?.name ?? '');
  assert.deepEqual(jobs.sort(), flows.sort());
}

/** How often the callback took effect; the answer that hangs has none. */
function taken(world: World, connector: string, transferProcessId: string, name: string): number {
  const all = world.signaling(connector).exchanges({ kind: 'callback', transferProcessId });
  const refused = [401, 404, 409, 500];
  return all.filter(({ target, status = 200 }) => target.endsWith(`/${name}`) && !refused.includes(status))
    .length;
}
