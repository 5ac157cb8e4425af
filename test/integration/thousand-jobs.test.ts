import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferProcess } from 'connector-simulator';
import { needing } from '../support/needs.ts';
import { runOnServers } from '../support/run-on-servers.ts';
import { countRequests, peakMemory } from '../support/service-costs.ts';
import { startStandInPods, type StandInPods } from '../support/stand-in-pods.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

/** Each connector has one thread, which asks for one transfer after the other. */
const connectors = Array.from({ length: 10 }, (_, index) => `connector-${index}`);
const transfersEach = 100;
const all = connectors.length * transfersEach;

/** As in a deployment; the scenarios' own waits are shorter. */
const settings = {
  pods: { limits: { pending: 3600, run: 3600 } },
  reconciler: {
    leaseSeconds: 15,
    callbackHoldMillis: 2000,
    backoff: { firstMillis: 500, maxMillis: 60_000 },
    deliveryTimeoutMillis: 10_000,
    sweepSeconds: 600,
  },
};

const patience = { deadlineMs: 1_800_000, everyMs: 1000 };

test(
  `${all} flows whose pods all run and then all end at once have one Job and one callback each`,
  needing('fake nodes'),
  async (t) => {
    await runOnServers('kwok', 'start', '10');
    t.after(() => runOnServers('kwok', 'stop'));
    const world = await startWorld(t, {
      connectors: connectors.map((name) => ({ name, version: '0.15.1', template: 'stand-in' })),
      settings,
    });
    await using pods = await startStandInPods({
      kubeconfig: world.servers.kubeconfig,
      namespace: world.namespace.name,
      bucket: world.bucket.name,
      s3: world.servers.s3,
      files: (flow) => ({ 'result.txt': `of ${flow}` }),
    });
    const transfers = startTransfers(world);
    await waitForPods(pods, (message) => {
      t.diagnostic(message);
    });
    t.diagnostic(`with ${all} running pods: ${await peakMemory(world.service)} MiB at most`);
    pods.end();
    await waitUntil('all transfers to be started', () => countStarted(world, transfers) === all, patience);

    t.diagnostic(`in the end: ${await peakMemory(world.service)} MiB at most`);
    const requests = await countRequests(world.namespace.name);
    t.diagnostic(requests.map(([permission, count]) => `${permission}: ${count}`).join(', '));
    await assertOneEach(world, transfers);
    assertMostlyProportional(requests);
  },
);

type Started = TransferProcess & { connector: string };

function startTransfers(world: World): Started[] {
  return connectors.flatMap((connector) =>
    Array.from({ length: transfersEach }, () => ({
      ...world.connector(connector).startTransfer({ assetId: 'anything', mode: 'pull' }),
      connector,
    })),
  );
}

async function waitForPods(pods: StandInPods, say: (message: string) => void): Promise<void> {
  const began = performance.now();
  await waitUntil('all pods to run', () => pods.running() === all, patience);
  say(`all pods ran after ${Math.round((performance.now() - began) / 1000)} s`);
}

function countStarted(world: World, transfers: readonly Started[]): number {
  const processes = transfers.map(({ id, connector }) => world.connector(connector).process(id));
  assert.deepEqual(
    processes.filter(({ state }) => state === 'TERMINATED').map(({ errorDetail }) => errorDetail),
    [],
  );
  return processes.filter(({ state }) => state === 'STARTED').length;
}

async function assertOneEach(world: World, transfers: readonly Started[]): Promise<void> {
  const flows = transfers.map((transfer) => world.flowOf(transfer, transfer.connector));
  const jobs = await waitUntil(
    'all flows to be closed',
    async () => {
      const found = await world.namespace.jobs();
      assert.equal(found.filter(({ metadata }) => (metadata?.finalizers ?? []).length > 0).length, 0);
      return found;
    },
    patience,
  );
  assert.deepEqual(jobs.map(({ metadata }) => metadata?.name).sort(), flows.sort());
  for (const { id, connector } of transfers) {
    const calls = world.connector(connector).exchanges({ kind: 'callback', transferProcessId: id });
    assert.deepEqual(
      calls.map(({ status }) => status),
      [204],
      id,
    );
  }
}

/** Some thirty requests a flow, whatever their number: what grew with its square would be far beyond. */
function assertMostlyProportional(requests: readonly [string, number][]): void {
  const count = requests.reduce((sum, [, one]) => sum + one, 0);
  assert.ok(count > 5 * all, `${count} requests: the audit log misses some`);
  assert.ok(count < 50 * all, `${count} requests for ${all} flows`);
}
