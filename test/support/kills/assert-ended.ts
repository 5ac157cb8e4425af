import assert from 'node:assert/strict';
import { annotation, writeAnnotation } from '../../../src/flow/annotations.ts';
import { assertNoOpenUploads, assertNothingLeft } from '../numbered-flows.ts';
import type { ServiceProcess } from '../service-process.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';

/** The flow's Job ran one pod and is let go of, and its record says so. */
export async function assertOneJob(
  { namespace, bucket }: World,
  { flow, context }: { flow: string; context: string },
): Promise<void> {
  // A Job controller counts a pod seconds after it has ended, and the flow does not wait for that.
  const job = await waitUntil(`the Job of ${flow} to be counted, ${context}`, async () => {
    const found = await namespace.job(flow);
    return found?.status?.succeeded === 1 && found;
  });
  assert.deepEqual([job.status?.failed ?? 0, job.metadata?.finalizers ?? []], [0, []], context);
  const record = await bucket.record(flow);
  assert.equal(record?.outcome.phase, 'succeeded', context);
}

/** Once retention and tombstones are over, nothing is left of the flows but their records. */
export async function assertSwept({
  world,
  service,
}: {
  world: World;
  service: ServiceProcess;
}): Promise<void> {
  const { namespace, bucket } = world;
  assert.equal(await service.stop(), 0);
  const flows = (await namespace.jobs()).map(({ metadata }) => metadata?.name ?? '');
  for (const name of flows) await endRetention(world, name);
  const sweeper = await world.addService({ reconciler: { tombstoneSeconds: 0, sweepSeconds: 1 } });
  await sweeper.start();
  await assertNothingLeft(world);
  await assertNoOpenUploads(world);
  for (const flow of flows) assert.deepEqual(await bucket.results(flow), [], flow);
  await sweeper.stop();
}

/** Of results that no connector has deprovisioned. */
async function endRetention({ namespace }: World, name: string): Promise<void> {
  const flow = await namespace.flow(name);
  if (flow === undefined || flow.resultsDeletedAt !== undefined) return;
  const annotations = writeAnnotation(annotation.plan, { ...flow.plan, retention: 0 });
  await namespace.cluster.jobs.patch(name, { metadata: { annotations } }, AbortSignal.timeout(30_000));
}
