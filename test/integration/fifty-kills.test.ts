import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectorSimulator, TransferProcess } from 'connector-simulator';
import {
  assertNothingLeft,
  assertOneEach,
  carryOut,
  carryOutAll,
  connectorOfLane,
  numberedTemplate,
} from '../support/numbered-flows.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Real pods are what takes time; the embedded cluster shows the same with fewer. */
const size =
  process.env['TEST_CLUSTER_DIRECTORY'] === undefined ? { kills: 6, flows: 24 } : { kills: 50, flows: 200 };
const atOnce = 8;

test(`${size.kills} kills of the service spread over ${size.flows} flows leave one Job and one answer each, and nothing behind`, async (t) => {
  const world = await startWorld(t, {
    replicas: 0,
    connectors: Array.from({ length: atOnce }, (_, lane) => connectorOfLane(lane)),
    templates: numberedTemplate(size.flows),
    // One identity for all its lives: the next one leads at once.
    settings: {
      // A busy machine answers late, and a callback must not overtake that.
      http: { answerDeadlineMillis: 3000 },
      reconciler: { identity: 'the-only-one', leaseSeconds: 15, callbackHoldMillis: 1500 },
      pods: { limits: { pending: 300 } },
    },
  });
  const [service, sweeper] = [
    await world.addService(),
    await world.addService({ reconciler: { tombstoneSeconds: 0, sweepSeconds: 1 } }),
  ];
  world.connectAll();
  await service.start();
  const flows = new Map<string, { transfer: TransferProcess; connector: ConnectorSimulator }>();
  const kills = planKills(Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000), (seed) => {
    t.diagnostic(`TEST_SEED=${seed}`);
  });

  async function carry(number: number, lane: number, signal: AbortSignal): Promise<void> {
    const { name } = connectorOfLane(lane);
    const connector = world.connector(name);
    const transfer = await carryOut(connector, number, signal);
    flows.set(world.flowOf(transfer, name), { transfer, connector });
  }
  async function killAgainAndAgain(signal: AbortSignal): Promise<void> {
    for (const { afterFlows, andMillis } of kills) {
      const enough = { deadlineMs: 900_000, signal };
      await waitUntil(`${afterFlows} flows to have ended`, () => flows.size >= afterFlows, enough);
      await delay(andMillis);
      assert.ok(flows.size < size.flows, 'it is killed while flows are under way');
      await service.kill();
      await service.start();
    }
  }
  await carryOutAll({ flows: size.flows, atOnce, carry, disturb: killAgainAndAgain });

  assert.equal(flows.size, size.flows);
  await assertOneEach(world, flows);
  assert.equal(await service.stop(), 0);
  await sweeper.start();
  await assertNothingLeft(world);
});

interface Kill {
  /** So many have ended … */
  afterFlows: number;
  /** … and then so much later. */
  andMillis: number;
}

/** Spread evenly, at moments of chance; the last ones while as many are under way as at any time. */
function planKills(seed: number, onSeed: (seed: number) => void): Kill[] {
  onSeed(seed);
  const random = seededRandom(seed);
  return Array.from({ length: size.kills }, (_, index) => ({
    afterFlows: Math.floor((index * (size.flows - 2 * atOnce)) / size.kills),
    andMillis: Math.floor(random() * 1000),
  }));
}
