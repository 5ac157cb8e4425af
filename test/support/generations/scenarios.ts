import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { readZip } from '../../../src/demo/read-zip.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';
import type { Generation } from './generations.ts';
import { nothing, type Answered, type Stage, type Told, type Transfer } from './transfer.ts';

/** In the order of the table. The last two are disturbed from outside, all generations at once. */
export const scenarios = {
  success: 'success',
  repeat: 'repeat',
  conflict: 'conflict',
  failure: 'worker fails',
  termination: 'terminate while running',
  suspension: 'suspend and resume',
  deprovision: 'deprovision',
  restart: 'restart in the middle',
  replicas: 'two replicas',
} as const;

export type Scenario = keyof typeof scenarios;

/** A transfer at its end, and what its connector must have been sent by then, and nothing more later. */
export interface Ended {
  transfer: Transfer;
  told: Told;
}

type Play = (stage: Stage, generation: Generation) => Promise<Ended>;

export const plays: Readonly<Record<Exclude<Scenario, 'restart' | 'replicas'>, Play>> = {
  async success(stage, generation) {
    const transfer = await generation.start(stage, 'quick');
    await transfer.accepted();
    return await succeed(stage.world, generation, transfer);
  },
  async repeat(stage, generation) {
    const transfer = await generation.start(stage, 'quick');
    await transfer.accepted();
    const answers = await transfer.repeat(5);
    assertAll(answers, [200, 202]);
    return await succeed(stage.world, generation, transfer);
  },
  async conflict(stage, generation) {
    const transfer = await generation.start(stage, 'quick');
    await transfer.accepted();
    assertAll(await transfer.contradict(), [409]);
    return await succeed(stage.world, generation, transfer);
  },
  async failure({ world, t }, generation) {
    const transfer = await generation.start({ world, t }, 'failing');
    await transfer.accepted();
    assert.match(await transfer.failed(), generation.failure);
    return await end(world, transfer, {
      phase: 'failed',
      told: generation.told.failure,
      kept: generation.keepsResults.failure,
    });
  },
  async termination({ world, t }, generation) {
    const transfer = await startHeld({ world, t }, generation);
    await transfer.terminate();
    return await end(world, transfer, { phase: 'cancelled', told: nothing, kept: false });
  },
  async suspension(stage, generation) {
    const transfer = await generation.start(stage, 'stalled');
    await transfer.accepted();
    const { suspension } = transfer;
    assert.ok(suspension !== undefined);
    await suspension.flowing();
    await suspension.suspend();
    await suspension.resume();
    return await succeed(stage.world, generation, transfer);
  },
  async deprovision({ world, t }, generation) {
    const transfer = await generation.start({ world, t }, 'quick');
    await transfer.accepted();
    await transfer.delivered();
    assert.equal(textOf(await transfer.bytes()), transfer.content);
    assertAll((await transfer.deprovision?.()) ?? [], [200]);
    return await end(world, transfer, { phase: 'succeeded', told: generation.told.success, kept: false });
  },
};

export async function startHeld(stage: Stage, generation: Generation): Promise<Transfer> {
  const transfer = await generation.start(stage, 'held');
  await transfer.accepted();
  await transfer.running();
  return transfer;
}

export async function succeed(
  world: World,
  { told: { success: told }, keepsResults: { success: kept } }: Generation,
  transfer: Transfer,
): Promise<Ended> {
  await transfer.delivered();
  assert.equal(textOf(await transfer.bytes()), transfer.content);
  await transfer.complete();
  return await end(world, transfer, { phase: 'succeeded', told, kept });
}

interface End {
  phase: FlowRecord['outcome']['phase'];
  told: Told;
  /** The results stay for the template's `retention`. */
  kept: boolean;
}

/** Until the flow is recorded, its Job is held by nothing, and its results are deleted if they have to be. */
async function end(world: World, transfer: Transfer, { phase, told, kept }: End): Promise<Ended> {
  const { flow } = transfer;
  const { outcome } = await waitUntil(`the record of ${flow}`, () => world.bucket.record(flow));
  assert.equal(outcome.phase, phase);
  await waitUntil(`the Job of ${flow} is held by nothing`, async () => {
    const job = await world.namespace.job(flow);
    return job !== undefined && (job.metadata?.finalizers ?? []).length === 0;
  });
  await waitUntil(`the pods of ${flow} have ended`, async () => {
    const pods = await world.namespace.pods(flow);
    return pods.every(({ status }) => status?.phase === 'Succeeded' || status?.phase === 'Failed');
  });
  // A failed job wrote one file as well.
  const objects = kept ? transfer.files + 1 : 0;
  await waitUntil(`${flow} has ${objects} objects in the bucket`, async () => {
    const keys = kept ? await world.bucket.files(flow) : await world.bucket.results(flow);
    return keys.length === objects;
  });
  await waitUntil(`the connector of ${flow} has been told`, () => {
    assert.deepEqual(transfer.told(), told);
    return true;
  });
  return { transfer, told };
}

/** What each connector was told is compared once more at the end of all, when a second message would have come. */
export async function assertNothingFollowed(world: World, ended: readonly Ended[]): Promise<void> {
  for (const { transfer, told } of ended) {
    assert.deepEqual(transfer.told(), told, transfer.flow);
    assert.ok(
      transfer.refused() <= mostRefused,
      `${transfer.refused()} refused messages of ${transfer.flow}`,
    );
  }
  const jobs = (await world.namespace.jobs()).map(({ metadata }) => metadata?.name ?? '');
  assert.deepEqual(
    jobs.sort(),
    ended.map(({ transfer }) => transfer.flow).sort(),
    'one Job for each transfer',
  );
}

/** A message that meets a leased transfer is sent again. */
const mostRefused = 2;

function assertAll(answers: readonly Answered[], allowed: readonly number[]): void {
  assert.ok(answers.length > 0);
  assert.ok(
    answers.every(({ status }) => allowed.includes(status)),
    JSON.stringify(answers),
  );
  if (allowed.every((status) => status < 300))
    assert.ok(
      answers.every((one) => isDeepStrictEqual(one.body, answers[0]?.body)),
      'the same message gets the same answer',
    );
}

function textOf(content: Buffer): string {
  if (!content.toString('latin1').startsWith('PK')) return content.toString('utf8');
  return readZip(content)
    .map((entry) => entry.content.toString('utf8'))
    .join('');
}
