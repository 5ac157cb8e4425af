import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorSimulator, TransferProcess } from 'connector-simulator';
import {
  assertNothingLeft,
  assertOneEach,
  carryOut,
  carryOutAll,
  connectorOfLane,
  numberedTemplate,
} from '../support/numbered-flows.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { findLeader } from '../support/find-leader.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

const flowCount = 32;
const atOnce = 8;
/** A leader is killed when so many more have ended. */
const everyFlows = 6;

test('two replicas that take requests, and of which the leader is killed again and again, give each flow one Job and one answer', async (t) => {
  const names = Array.from({ length: atOnce }, (_, lane) => connectorOfLane(lane).name);
  const world = await startWorld(t, {
    replicas: 0,
    connectors: names.map((_, lane) => connectorOfLane(lane)),
    templates: numberedTemplate(flowCount),
    settings: {
      // A busy machine answers late, and a callback must not overtake that.
      http: { answerDeadlineMillis: 3000 },
      reconciler: { leaseSeconds: 6, callbackHoldMillis: 1500 },
      pods: { limits: { pending: 300 } },
    },
  });
  const replicas = [await world.addService(), await world.addService()];
  const sweeper = await world.addService({ reconciler: { tombstoneSeconds: 0, sweepSeconds: 1 } });
  for (const [index, connector] of names.entries()) {
    const service = replicas[index % replicas.length];
    world.connector(connector).provisionAt(world.provisionUrl({ connector, ...(service && { service }) }));
  }
  await Promise.all(replicas.map((replica) => replica.start()));
  const flows = new Map<string, { transfer: TransferProcess; connector: ConnectorSimulator }>();
  const killed: ServiceProcess[] = [];

  async function carry(number: number, lane: number, signal: AbortSignal): Promise<void> {
    const { name } = connectorOfLane(lane);
    const connector = world.connector(name);
    const transfer = await carryOut(connector, number, signal);
    flows.set(world.flowOf(transfer, name), { transfer, connector });
  }
  async function killLeaders(signal: AbortSignal): Promise<void> {
    for (let ended = everyFlows; ended < flowCount - atOnce; ended += everyFlows) {
      const enough = { deadlineMs: 900_000, signal };
      await waitUntil(`${ended} flows to have ended`, () => flows.size >= ended, enough);
      const leader = await waitUntil('one of them to lead', () => findLeader(replicas));
      await leader.kill();
      killed.push(leader);
      await leader.start();
    }
  }
  await carryOutAll({ flows: flowCount, atOnce, carry, disturb: killLeaders });

  t.diagnostic(`killed in turn: ${killed.map((replica) => replicas.indexOf(replica) + 1).join(', ')}`);
  assert.equal(new Set(killed).size, 2, 'each of them was killed');
  await assertOneEach(world, flows);
  assert.deepEqual(await Promise.all(replicas.map((replica) => replica.stop())), [0, 0]);
  await sweeper.start();
  await assertNothingLeft(world);
});
