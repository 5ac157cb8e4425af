import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { TransferProcess } from 'connector-simulator';
import { readZip } from '../../src/demo/read-zip.ts';
import { evidenceFinalizer } from '../../src/flow/labels.ts';
import type { CancelReason, FailureReason } from '../../src/flow/outcome.ts';
import type { FlowRecord } from '../../src/flow/record.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

/** What a node may take to notice and to report, with a busy machine's delays. */
const deadlineMs = 240_000;

interface End {
  phase: 'failed' | 'cancelled';
  reason: FailureReason | CancelReason;
  says?: RegExp;
}

/**
 * The flow ended as it should, and everybody knows: its transfer was terminated with the reason, once; its record says the same;
 * its Job is a tombstone that nothing runs for; and no result was handed out.
 */
export async function assertEnded(
  world: World,
  { id }: TransferProcess,
  { phase, reason, says = /./ }: End,
): Promise<FlowRecord> {
  const simulator = world.connector();
  const { errorDetail = '', consumer } = await simulator.waitFor(id, 'TERMINATED', { deadlineMs });
  assert.match(errorDetail, new RegExp(reason));
  assert.match(errorDetail, says);
  assert.equal(consumer.state, 'TERMINATED');
  const record = await assertClosed(world, world.flowOf(simulator.process(id)));
  assert.equal(record.outcome.phase, phase);
  assert.equal('reason' in record.outcome && record.outcome.reason, reason);
  assert.equal(record.delivery.result, 'delivered');
  const { counts } = simulator.process(id);
  assert.deepEqual({ callback: counts.callback, terminate: counts.terminate }, { callback: 0, terminate: 1 });
  const told = simulator.exchanges({ kind: 'management', transferProcessId: id });
  assert.deepEqual(
    told.filter(({ method }) => method === 'POST').map(({ status }) => status),
    [204],
  );
  return record;
}

/**
 * The consumer has these files, byte for byte, by one callback; once the connector has deprovisioned them, neither they nor what
 * other attempts left are there any more.
 */
export async function assertReceived(
  world: World,
  { id }: TransferProcess,
  files: Readonly<Record<string, string>>,
): Promise<FlowRecord> {
  const simulator = world.connector();
  await simulator.waitFor(id, 'DEPROVISIONED', { deadlineMs });
  const [received] = simulator.received(id);
  assert.ok(received !== undefined);
  const entries = readZip(await readFile(received.path));
  const contents = entries.map(({ path, content }) => [path, content.toString('utf8')]);
  assert.deepEqual(Object.fromEntries(contents), files);
  const flow = world.flowOf(simulator.process(id));
  await waitUntil('the results are deleted', async () => (await world.bucket.results(flow)).length === 0);
  const record = await assertClosed(world, flow);
  assert.equal(record.outcome.phase, 'succeeded');
  const { counts } = simulator.process(id);
  assert.deepEqual({ callback: counts.callback, terminate: counts.terminate }, { callback: 1, terminate: 0 });
  return record;
}

/** What the template `gated` makes of an open gate. */
export const gatedFiles = {
  'early.txt': 'written before the gate\n',
  'late.txt': 'written behind the gate\n',
};

async function assertClosed(world: World, flow: string): Promise<FlowRecord> {
  await waitUntil('no pod runs or is held', async () => (await livePods(world, flow)).length === 0, {
    deadlineMs,
  });
  await waitUntil('the Job is a tombstone or gone', async () => {
    const job = await world.namespace.job(flow);
    return job === undefined || (job.metadata?.finalizers ?? []).length === 0;
  });
  return await waitUntil('the record is written', () => world.bucket.record(flow));
}

async function livePods({ namespace }: World, flow: string): Promise<(string | undefined)[]> {
  const pods = await namespace.pods(flow);
  return pods
    .filter(({ metadata, status }) => {
      const ended = status?.phase === 'Succeeded' || status?.phase === 'Failed';
      return !ended || metadata?.finalizers?.includes(evidenceFinalizer) === true;
    })
    .map(({ metadata }) => metadata?.name);
}
