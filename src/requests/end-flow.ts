import { isServiceError, ServiceError } from '../errors.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { manifestKey } from '../flow/keys.ts';
import { outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { CancelReason } from '../flow/outcome.ts';
import type { RequestDependencies } from './dependencies.ts';
import type { ObservedFlows } from './find-flow.ts';
import { readRecord, scheduleCleanup, writeRecord } from './stored-record.ts';

/** Asks the reconciler to end a flow; `ended`: there was an outcome already. */
export async function cancelFlow(
  deps: RequestDependencies,
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
 * Asks the reconciler to cancel what runs and to delete the results; a tombstone is opened once more for that. Where only the record is
 * left, since the Job was deleted by hand, the results can be fetched no more from here on, and the sweep deletes them. Repeats change
 * nothing.
 */
export async function deprovisionFlow(
  deps: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<'accepted' | 'unknown'> {
  for (let left = tries; left > 0; left -= 1) {
    const flow = await getFlow(deps, name, signal);
    if (flow === undefined) return await deprovisionRecorded(deps, name, signal);
    if (flow.deprovisionAskedAt !== undefined) return 'accepted';
    if (await openForDeprovision(deps, flow, signal)) return 'accepted';
  }
  throw new ServiceError('unavailable', `${name} changed ${tries} times while its deprovision was noted.`);
}

/** Only a tombstone is written on condition, and hardly anybody writes there. */
const tries = 5;

/** False if the Job is gone, or is not as it was read. */
async function openForDeprovision(
  deps: RequestDependencies,
  flow: Flow,
  signal: AbortSignal,
): Promise<boolean> {
  const at = deps.now().toISOString();
  const metadata = {
    // As after any request, no callback may overtake the answer: that of a connector which waits for a confirmation.
    annotations: { [annotation.deprovision]: at, [annotation.lastRequestAt]: at },
    labels: { [stateLabel]: 'open' },
    ...holdTombstone(flow),
  };
  try {
    return await patchFlow(deps, { name: flow.name, patch: { metadata } }, signal);
  } catch (error) {
    if (isServiceError(error, 'cluster-conflict')) return false;
    throw error;
  }
}

/** Deleted by hand before the reconciler came to it, a tombstone without a finalizer would leave its results behind. */
function holdTombstone({ state, deletedAt, finalizers, resourceVersion }: Flow): object {
  if (state !== 'closed' || deletedAt !== undefined) return {};
  return { finalizers: [...new Set([...finalizers, outcomeFinalizer])], resourceVersion };
}

async function deprovisionRecorded(
  { store, now }: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<'accepted' | 'unknown'> {
  const record = await readRecord(store, name, signal);
  if (record === undefined) return 'unknown';
  if ((record.deprovisionAskedAt ?? record.resultsDeletedAt) !== undefined) return 'accepted';
  const at = now();
  await scheduleCleanup(store, { flow: name, due: at.getTime() }, signal);
  const { outcome } = record;
  if (outcome.phase === 'succeeded') await store.remove([manifestKey(name, outcome.results.attempt)], signal);
  await writeRecord(store, { ...record, deprovisionAskedAt: at.toISOString() }, signal);
  return 'accepted';
}

/** A deprovision is never taken back, so that the cache may say yes; a no may be behind, and is read from the Job. */
export async function isDeprovisioned(
  { observed, ...deps }: RequestDependencies & { observed: ObservedFlows },
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (observed.current()?.flow(name)?.deprovisionAskedAt !== undefined) return true;
  return (await getFlow(deps, name, signal))?.deprovisionAskedAt !== undefined;
}

async function getFlow(
  { cluster }: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<Flow | undefined> {
  const job = await cluster.jobs.get(name, signal);
  return job === undefined ? undefined : readFlow(job);
}

async function patchFlow(
  { cluster }: RequestDependencies,
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
