import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { carryFate, type ChaoticFlow } from '../support/chaos/carry-fate.ts';
import { addReplica } from '../support/chaos/chaos-replica.ts';
import { chaoticTemplate } from '../support/chaos/chaos-template.ts';
import { checkChaos, keptFlows } from '../support/chaos/check-chaos.ts';
import { disturb, type Disturbed } from '../support/chaos/disturb.ts';
import { planChaos } from '../support/chaos/plan-chaos.ts';
import { assertNothingLeft, carryOutAll, connectorOfLane } from '../support/numbered-flows.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

/** A minute of it; real servers get the long form, and `npm run chaos` asks for any. */
const usual =
  process.env['TEST_CLUSTER_DIRECTORY'] === undefined
    ? { flows: 24, disturbances: 8 }
    : { flows: 120, disturbances: 42 };
const size = {
  seed: Number(process.env['TEST_SEED'] ?? 1),
  flows: Number(process.env['TEST_CHAOS_FLOWS'] ?? usual.flows),
  disturbances: Number(process.env['TEST_CHAOS_DISTURBANCES'] ?? usual.disturbances),
};
const lanes = 6;
const backoffMillis = { firstMillis: 200, maxMillis: 3000 };

test(`${size.flows} flows of mixed fate end as they must under ${size.disturbances} kills, pauses and faults (seed ${size.seed})`, async (t) => {
  const plan = planChaos(size);
  const world = await startWorld(t, {
    replicas: 0,
    connectors: Array.from({ length: lanes }, (_, lane) => ({
      ...connectorOfLane(lane),
      // A replica that is paused answers nobody; a real connector waits for thirty seconds.
      answerTimeoutMillis: 4000,
    })),
    templates: chaoticTemplate(plan.fates),
    settings: {
      // A busy machine answers late, and a callback must not overtake that.
      http: { answerDeadlineMillis: 3000 },
      reconciler: {
        leaseSeconds: 4,
        callbackHoldMillis: 1500,
        takeoverHoldMillis: 1500,
        transferPollSeconds: 1,
        backoff: backoffMillis,
      },
      pods: { limits: { pending: 300, run: 900 } },
    },
  });
  await using proxies = new AsyncDisposableStack();
  const replicas = [await addReplica(world, proxies), await addReplica(world, proxies)] as const;
  const connectors = Array.from({ length: lanes }, (_, lane) => world.connector(connectorOfLane(lane).name));
  world.connectAll();
  await Promise.all(replicas.map(({ service }) => service.start()));
  const disturbed: Disturbed = { world, replicas, connectors, lives: replicas.length };
  const flows: ChaoticFlow[] = [];
  const start = performance.now();

  await carryOutAll({
    flows: size.flows,
    atOnce: lanes,
    carry: async (number, lane, signal) => {
      const fate = plan.fates[number];
      assert.ok(fate !== undefined);
      flows.push(await carryFate({ world, lane: connectorOfLane(lane).name, fate, number }, signal));
    },
    disturb: async (signal) => {
      for (const one of plan.disturbances) {
        if (signal.aborted) return;
        t.diagnostic(
          `${Math.round(performance.now() - start)} ms: ${JSON.stringify(one)}, ${flows.length} flows have ended`,
        );
        await delay(one.pauseMillis);
        await disturb(disturbed, one);
      }
    },
  });

  const seconds = (performance.now() - start) / 1000;
  const { lives } = disturbed;
  await checkChaos(world, { flows, lives, seconds, backoffSeconds: backoffMillis.maxMillis / 1000 });
  await waitUntil('somebody leads', () => world.namespace.leader());
  for (const { service } of replicas) assert.equal(await service.stop(), 0);
  const sweeper = await world.addService({ reconciler: { tombstoneSeconds: 0, sweepSeconds: 1 } });
  await sweeper.start();
  await assertNothingLeft(world, keptFlows(flows));
});
