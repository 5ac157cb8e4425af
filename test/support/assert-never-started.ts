import assert from 'node:assert/strict';
import type { FailureReason } from '../../src/flow/outcome.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

interface Transfer {
  id: string;
  resourceDefinitionId: string;
}

/**
 * The transfer is terminated through the management API, once, and with the reason; the record says the same; and of the flow
 * only its Job is left, which starts no pod any more.
 */
export async function assertNeverStarted(
  world: World,
  transfer: Transfer,
  expected: { reason: FailureReason; says: RegExp },
): Promise<void> {
  const simulator = world.connector();
  const flow = world.flowOf(transfer);
  const {
    errorDetail = '',
    consumer,
    counts,
  } = await simulator.waitFor(transfer.id, 'TERMINATED', {
    deadlineMs: 120_000,
  });
  assert.ok(errorDetail.includes(expected.reason), errorDetail);
  assert.match(errorDetail, expected.says);
  assert.equal(consumer.state, 'TERMINATED');
  assert.equal(counts.callback, 0);

  const record = await waitUntil('the record is written', () => world.bucket.record(flow));
  assert.equal(record.outcome.phase === 'failed' && record.outcome.reason, expected.reason);
  await waitUntil('the flow is closed', async () => (await world.namespace.flow(flow))?.state === 'closed');
  const calls = simulator.exchanges({ kind: 'management', transferProcessId: transfer.id });
  assert.deepEqual(
    calls.map(({ status }) => status),
    [204],
  );
  await waitUntil('no pod is left', async () => (await world.namespace.pods(flow)).length === 0);
  await assertStartsNoPod(world, flow);
}

/** Its pod is deleted first: where the Job controller is quicker than the suspension, the Job has failed by then. */
async function assertStartsNoPod(world: World, flow: string): Promise<void> {
  const { spec, status, metadata } = (await world.namespace.job(flow)) ?? {};
  const hasFailed = status?.conditions?.some((condition) => condition.type === 'Failed') ?? false;
  assert.ok(spec?.suspend === true || hasFailed, JSON.stringify(status));
  assert.deepEqual(metadata?.finalizers ?? [], []);
}
