import { isServiceError } from '../errors.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { stateLabel } from '../flow/labels.ts';
import type { CancelReason } from '../flow/reasons.ts';
import { findFlow } from './find-flow.ts';
import type { Provisioner } from './provisioner.ts';

/** Asks the reconciler to end a flow; `ended`: there was an outcome already. */
export async function cancelFlow(
  deps: Provisioner,
  { flow: name, reason }: { flow: string; reason: CancelReason },
  signal: AbortSignal,
): Promise<'accepted' | 'ended' | 'unknown'> {
  const flow = await getFlow(deps, name, signal);
  if (flow === undefined) return 'unknown';
  if (flow.outcome !== undefined) return 'ended';
  const cancel = writeAnnotation(annotation.cancel, { reason, at: deps.now().toISOString() });
  return (await patchFlow(deps, { name, patch: { metadata: { annotations: cancel } } }, signal))
    ? 'accepted'
    : 'unknown';
}

/**
 * Asks the reconciler to cancel what runs and to delete the results; a tombstone is opened once more for that. Repeats change nothing.
 */
export async function deprovisionFlow(
  deps: Provisioner,
  name: string,
  signal: AbortSignal,
): Promise<'accepted' | 'unknown'> {
  const flow = await getFlow(deps, name, signal);
  if (flow === undefined) return (await findFlow(deps, name, signal)) === undefined ? 'unknown' : 'accepted';
  if (flow.deprovisionAskedAt !== undefined) return 'accepted';
  const metadata = {
    annotations: { [annotation.deprovision]: deps.now().toISOString() },
    labels: { [stateLabel]: 'open' },
  };
  return (await patchFlow(deps, { name, patch: { metadata } }, signal)) ? 'accepted' : 'unknown';
}

export async function isDeprovisioned(
  deps: Provisioner,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  return (await getFlow(deps, name, signal))?.deprovisionAskedAt !== undefined;
}

async function getFlow(
  { cluster }: Provisioner,
  name: string,
  signal: AbortSignal,
): Promise<Flow | undefined> {
  const job = await cluster.jobs.get(name, signal);
  return job === undefined ? undefined : readFlow(job);
}

async function patchFlow(
  { cluster }: Provisioner,
  { name, patch }: { name: string; patch: object },
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await cluster.jobs.patch(name, patch, signal);
    return true;
  } catch (error) {
    if (isServiceError(error, 'cluster-not-found')) return false;
    throw error;
  }
}
