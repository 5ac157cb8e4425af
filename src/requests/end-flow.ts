import { isServiceError, ServiceError } from '../errors.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import type { Flow } from '../flow/flow.ts';
import { manifestKey } from '../flow/keys.ts';
import { outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { CancelReason } from '../flow/outcome.ts';
import { nextRequestAt } from '../answer-first/record-repeat.ts';
import { patchIfPresent } from '../kubernetes/resource-client.ts';
import { getFlow } from './find-flow.ts';
import type { RequestDependencies } from './flow-service.ts';
import { readRecord, scheduleCleanup, writeRecord } from './stored-record.ts';

/** Requests that the reconciler ends a flow. `ended`: it has an outcome already. */
export async function cancelFlow(
  deps: RequestDependencies,
  { flow: name, reason }: { flow: string; reason: CancelReason },
  signal: AbortSignal,
): Promise<'accepted' | 'ended' | 'unknown'> {
  const flow = await getFlow(deps, name, signal);
  if (flow === undefined) return 'unknown';
  if (flow.outcome !== undefined) return 'ended';
  const cancel = writeAnnotation(annotation.cancel, { reason, at: deps.now().toISOString() });
  const patch = { metadata: { annotations: cancel } };
  return (await patchIfPresent(deps.cluster.jobs, { name, patch }, signal)) ? 'accepted' : 'unknown';
}

/**
 * Requests that the reconciler cancels the flow and deletes the results; a tombstone is opened again for that. If the Job was deleted by
 * hand and only the record is left, the results cannot be fetched any more, and the sweep deletes them. Repeats change nothing.
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
  throw new ServiceError('unavailable', `${name} changed ${tries} times while its deprovision was saved`);
}

/** Enough: only the write on a tombstone is conditional, and few clients write on tombstones. */
const tries = 5;

/** False if the Job is gone or has changed since it was read. */
async function openForDeprovision(
  deps: RequestDependencies,
  flow: Flow,
  signal: AbortSignal,
): Promise<boolean> {
  const metadata = deprovisionMetadata(flow, deps.now());
  try {
    return await patchIfPresent(deps.cluster.jobs, { name: flow.name, patch: { metadata } }, signal);
  } catch (error) {
    if (isServiceError(error, 'cluster-conflict')) return false;
    throw error;
  }
}

/** What a deprovision writes on the Job. */
export function deprovisionMetadata(
  flow: Flow,
  now: Date,
): { annotations: Record<string, string>; labels: Record<string, string>; finalizers?: string[] } {
  return {
    // No callback may overtake the answer: the connector may wait for a confirmation of the deprovision.
    annotations: {
      [annotation.deprovision]: now.toISOString(),
      [annotation.lastRequestAt]: nextRequestAt(flow, now),
    },
    labels: { [stateLabel]: 'open' },
    ...keepTombstone(flow),
  };
}

/** Without a finalizer, a tombstone that is deleted by hand before the reconciler handles it would leave its results behind. */
export function keepTombstone({ state, deletedAt, finalizers, resourceVersion }: Flow): object {
  if (state !== 'closed' || deletedAt !== undefined) return {};
  return { finalizers: [...new Set([...finalizers, outcomeFinalizer])], resourceVersion };
}

/** The same for a flow whose Job is gone. */
export async function deprovisionRecorded(
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
  // Again: a sweep in between found results that were not due by their record, and dropped the first one.
  await scheduleCleanup(store, { flow: name, due: at.getTime() }, signal);
  return 'accepted';
}
