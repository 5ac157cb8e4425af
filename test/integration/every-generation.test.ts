import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { findLeader } from '../support/find-leader.ts';
import { connectors, generations, signaling, type Generation } from '../support/generations/generations.ts';
import { renderMatrix } from '../support/generations/matrix.ts';
import {
  assertNothingFollowed,
  plays,
  scenarios,
  startHeld,
  succeed,
  type Ended,
  type Scenario,
} from '../support/generations/scenarios.ts';
import type { Stage } from '../support/generations/transfer.ts';
import { startWorld, type WorldOptions } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

const page = new URL('../../docs/connectors/scenarios.md', import.meta.url);

/**
 * Ended transfers are noticed soon, and no callback is repeated because a busy machine delays its answer or the renewal of the Lease of the
 * only replica. The simulators share a process with the cluster, and read an answer some seconds late on a busy machine.
 */
const reconciler = {
  transferPollSeconds: 1,
  deliveryTimeoutMillis: 60_000,
  leaseSeconds: 60,
  callbackHoldMillis: 4000,
};
const options: WorldOptions = { connectors, signaling };

/** Workers that run at a time. */
const atOnce = 8;

type Outcome = 'passed' | 'FAILED';
const outcomes = new Map<Generation, Map<Scenario, Outcome>>(generations.map((one) => [one, new Map()]));

test('every scenario with every generation of connectors', { concurrency: atOnce }, async (t) => {
  t.after(() => {
    t.diagnostic(
      `\n${renderMatrix((generation, scenario) => outcomes.get(generation)?.get(scenario) ?? 'not run')}`,
    );
  });
  const [calm, disturbed] = await Promise.all([
    startWorld(t, { ...options, settings: { reconciler } }),
    startWorld(t, { ...options, settings: { reconciler: { ...reconciler, leaseSeconds: 5 } }, replicas: 2 }),
  ]);
  await Promise.all([playAll({ t, world: calm }), disturbAll({ t, world: disturbed })]);
});

test('the page of the scenarios shows this matrix', async () => {
  const text = await readFile(page, 'utf8');
  const matrix = renderMatrix(() => 'passes');
  assert.ok(text.includes(`\n${matrix}\n`), `expected in ${page.pathname}:\n\n${matrix}`);
});

/** Nothing disturbs these. */
async function playAll(stage: Stage): Promise<void> {
  const ended: Ended[] = [];
  const cells = (Object.keys(plays) as (keyof typeof plays)[]).flatMap((scenario) =>
    thoseOf(scenario).map((generation) =>
      cell(stage.t, { generation, scenario }, async () => {
        ended.push(await plays[scenario](stage, generation));
      }),
    ),
  );
  await Promise.all(cells);
  await stage.t.test('no message follows', () => assertNothingFollowed(stage.world, ended));
}

/** First the leader is killed, then the replica that is left, which is started again. */
async function disturbAll(stage: Stage): Promise<void> {
  const { world } = stage;
  const leader = await waitUntil('one of them leads', () => findLeader(world.services));
  const other = world.services.find((service) => service !== leader);
  assert.ok(other !== undefined);
  world.connectAll(other);
  const afterTakeover = await disturb(stage, 'replicas', () => leader.kill());
  world.gate.close();
  const afterRestart = await disturb(stage, 'restart', async () => {
    await other.kill();
    await other.start();
  });
  await stage.t.test('no message follows a restart', () =>
    assertNothingFollowed(world, [...afterTakeover, ...afterRestart]),
  );
}

/** All generations run when it happens. */
async function disturb(stage: Stage, scenario: Scenario, happen: () => Promise<void>): Promise<Ended[]> {
  const { t, world } = stage;
  const played = thoseOf(scenario).map((generation) => ({ generation, held: startHeld(stage, generation) }));
  const happened = Promise.allSettled(played.map(({ held }) => held)).then(async () => {
    await happen();
    world.gate.open();
  });
  const ended: Ended[] = [];
  const cells = played.map(({ generation, held }) =>
    cell(t, { generation, scenario }, async () => {
      const transfer = await held;
      await happened;
      ended.push(await succeed(world, generation, transfer));
    }),
  );
  await Promise.all(cells);
  return ended;
}

const playsAll = process.env['TEST_GENERATIONS'] === 'all';

function thoseOf(scenario: Scenario): Generation[] {
  return generations.filter(
    ({ impossible, sampled }) =>
      impossible[scenario] === undefined && (playsAll || sampled === 'all' || sampled.includes(scenario)),
  );
}

async function cell(
  t: TestContext,
  { generation, scenario }: { generation: Generation; scenario: Scenario },
  play: () => Promise<void>,
): Promise<void> {
  const { title, release } = generation;
  await t.test(`${scenarios[scenario]}: ${title} ${release}`, async () => {
    outcomes.get(generation)?.set(scenario, 'FAILED');
    await play();
    outcomes.get(generation)?.set(scenario, 'passed');
  });
}
