import { annotation } from '../flow/annotations.ts';
import { readFlow } from '../flow/flow.ts';
import type { Provisioner } from './provisioner.ts';

/** A mark this young still holds back the callback for long enough. */
const freshMillis = 1000;

/**
 * Marks a flow as asked for once more, before that repeat is answered: whichever replica calls back sees the mark (or loses its
 * conditional write) and lets the answer go first. A callback that overtakes its answer gives the consumer wrong bytes.
 */
export async function askAgain(
  { cluster, now }: Provisioner,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const job = await cluster.jobs.get(name, signal);
  const flow = job === undefined ? undefined : readFlow(job);
  if (flow === undefined || flow.told !== undefined) return;
  const at = now();
  if (flow.askedAt !== undefined && at.getTime() - Date.parse(flow.askedAt) < freshMillis) return;
  await cluster.jobs.patch(
    name,
    { metadata: { annotations: { [annotation.askedAt]: at.toISOString() } } },
    signal,
  );
}
