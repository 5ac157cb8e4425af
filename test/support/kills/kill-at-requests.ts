import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { SeenRequest } from '../counting-proxy.ts';
import { seededRandom } from '../seeded-random.ts';
import { assertOneJob, assertSwept } from './assert-ended.ts';
import { describeRequest, Killer, type KillPoint, type Moment } from './killer.ts';
import type { KillScenario, KillStage } from './kill-scenario.ts';

/** A flow has some forty requests to API server and store; one that has many more repeats itself without end. */
const mostRequests = 150;

export interface KillPlan {
  moments: readonly Moment[];
  scenario: KillScenario;
  /** Its part of the points of a sample: scenarios that have much in common share them. Default: all. */
  share?: number;
}

/**
 * Records the requests of a transfer that the scenario's proxies see. Then, for each of them and each moment, a new transfer during which
 * the service is killed right before (or after) that request, and started again. `TEST_KILLS` says at how many points: a seeded sample
 * (`TEST_SEED`), spread over a whole transfer; without it, or with `all`, at each one.
 */
export async function killAtRequests(t: TestContext, plan: KillPlan): Promise<void> {
  const wanted = process.env['TEST_KILLS'] ?? 'all';
  const isSample = wanted !== 'all';
  // Worlds at once: most of a transfer is waiting for pods. A sample needs one.
  const lanes = isSample ? 1 : 2 * plan.moments.length;
  const stages = await Promise.all(Array.from({ length: lanes }, () => openStage(t, plan.scenario)));
  const [first] = stages;
  assert.ok(first !== undefined);
  const all = pointsOf(await record(first), plan.moments);
  const points = isSample ? sample(all, Math.ceil((plan.share ?? 1) * Number(wanted))) : all;
  const left = points.values();
  const missed: KillPoint[] = [];
  const failures: unknown[] = [];
  async function runLane(stage: Stage): Promise<void> {
    for (const point of left) {
      if (failures.length > 0) return;
      if ((await transferKilledAt(stage, point)) === undefined) missed.push(point);
    }
    await assertSwept(stage);
  }
  // A lane ends with its transfer when another has failed: nothing may go on behind the test.
  await Promise.all(stages.map((stage) => runLane(stage).catch((error: unknown) => failures.push(error))));
  if (failures.length > 0) throw failures[0];
  const killed = points.filter((point) => !missed.includes(point));
  t.diagnostic(describe(killed, { isSample, of: all.length }));
  if (missed.length > 0) t.diagnostic(`not reached: ${missed.map(describePoint).join(', ')}`);
  if (!isSample) assertReached(killed, { first, recorded: all.length });
}

/** The requests of a transfer without a kill. */
async function record(stage: Stage): Promise<readonly SeenRequest[]> {
  assert.equal(await transferKilledAt(stage, undefined), undefined);
  const { seen } = stage.killer;
  assert.ok(seen.length >= 20, `only ${seen.length} requests were seen: the proxies are not in the way`);
  for (const name of stage.proxies)
    assert.ok(
      seen.some(({ proxy }) => proxy === name),
      `no request was seen at the proxy ${name}`,
    );
  return seen;
}

function pointsOf(requests: readonly SeenRequest[], moments: readonly Moment[]): KillPoint[] {
  const seen = new Map<string, number>();
  return requests.flatMap((one) => {
    const request = describeRequest(one);
    const occurrence = (seen.get(request) ?? 0) + 1;
    seen.set(request, occurrence);
    return moments.map((moment) => ({ moment, request, occurrence }));
  });
}

/** One point out of each of so many equal parts of a transfer. */
function sample(points: readonly KillPoint[], count: number): KillPoint[] {
  assert.ok(count > 0, `TEST_KILLS: expected "all" or a number above 0`);
  const random = seededRandom(Number(process.env['TEST_SEED'] ?? 1));
  return Array.from({ length: count }, (_, part) =>
    points.at(Math.floor(((part + random()) * points.length) / count)),
  ).filter((point) => point !== undefined);
}

function describe(killed: readonly KillPoint[], { isSample, of }: { isSample: boolean; of: number }): string {
  if (isSample) return `killed ${killed.map(describePoint).join(', ')}`;
  const counts = Object.entries(Object.groupBy(killed, proxyOf));
  const parts = counts.map(([proxy, found]) => `${proxy} ${found?.length ?? 0}`).join(', ');
  return `killed at ${killed.length} of ${of} points: ${parts}`;
}

function describePoint({ moment, request, occurrence }: KillPoint): string {
  return `${moment} ${request} (${occurrence})`;
}

function proxyOf({ request }: KillPoint): string {
  return request.split(' ', 1)[0] ?? '';
}

/** What the sweep and the Lease send comes at its own times; a transfer may be over before that. */
function assertReached(
  killed: readonly KillPoint[],
  { first, recorded }: { first: Stage; recorded: number },
): void {
  assert.ok(killed.length > recorded / 2, `killed at ${killed.length} of ${recorded} points only`);
  for (const name of first.proxies)
    assert.ok(
      killed.some((point) => proxyOf(point) === name),
      `never killed at the proxy ${name}`,
    );
}

interface Stage extends KillStage {
  killer: Killer;
}

async function openStage(t: TestContext, scenario: KillScenario): Promise<Stage> {
  const killer = new Killer();
  const stage = await scenario(t, killer);
  killer.service = stage.service;
  await stage.service.start();
  return { ...stage, killer };
}

/** One transfer; what it was killed at, or undefined if it has not made this request. */
async function transferKilledAt(
  stage: Stage,
  point: KillPoint | undefined,
): Promise<SeenRequest | undefined> {
  const { service, killer } = stage;
  killer.arm(point);
  const transfer = stage.startTransfer();
  const over = transfer.over();
  await Promise.race([killer.killed, over.catch(() => undefined)]);
  await killer.disarm();
  const { killedAt } = killer;
  const context = killedAt === undefined || point === undefined ? 'not killed' : describePoint(point);
  if (killedAt !== undefined) await service.start();
  await over.catch((cause: unknown) => {
    throw new Error(`${transfer.flow}, ${context}`, { cause });
  });
  // The proxy does not see the answer to a creation that the service has left. That there is a Job is seen below.
  assert.ok(killer.createdJobs <= 1, `${killer.createdJobs} Jobs were created, ${context}`);
  const requests = killer.seen.filter(({ path }) => path.includes(transfer.flow)).length;
  assert.ok(requests <= mostRequests, `${requests} requests for ${transfer.flow}, ${context}`);
  await assertOneJob(stage.world, { flow: transfer.flow, context });
  await transfer.assertEndedWell(context);
  return killedAt;
}
