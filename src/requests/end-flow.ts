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
  return await deleteFlow(deps, { flow: name }, signal);
}

export interface WantedDeletion {
  flow: string;
  /** Name of the key; absent: its connector wants it. */
  caller?: string;
}

/** A deprovision that a caller may have requested. */
export async function deleteFlow(
  deps: RequestDependencies,
  wanted: WantedDeletion,
  signal: AbortSignal,
): Promise<'accepted' | 'unknown'> {
  const { flow: name, caller } = wanted;
  for (let left = tries; left > 0; left -= 1) {
    const flow = await getFlow(deps, name, signal);
    if (flow === undefined) return await deleteRecorded(deps, wanted, signal);
    if (flow.deprovisionAskedAt !== undefined) return 'accepted';
    if (await openForDeprovision(deps, { flow, caller }, signal)) return 'accepted';
  }
  throw new ServiceError('unavailable', `${name} changed ${tries} times while its deprovision was saved`);
}

/** Enough: only the write on a tombstone is conditional, and few clients write on tombstones. */
const tries = 5;

/** False if the Job is gone or has changed since it was read. */
async function openForDeprovision(
  deps: RequestDependencies,
  { flow, caller }: { flow: Flow; caller: string | undefined },
  signal: AbortSignal,
): Promise<boolean> {
  const metadata = deprovisionMetadata(flow, deps.now(), caller);
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
  caller?: string,
): { annotations: Record<string, string>; labels: Record<string, string>; finalizers?: string[] } {
  return {
    // No callback may overtake the answer: the connector may wait for a confirmation of the deprovision.
    annotations: {
      [annotation.deprovision]: now.toISOString(),
      [annotation.lastRequestAt]: nextRequestAt(flow, now),
      ...(caller === undefined ? {} : writeAnnotation(annotation.deletion, { ...flow.deletion, caller })),
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
  deps: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<'accepted' | 'unknown'> {
  return await deleteRecorded(deps, { flow: name }, signal);
}

async function deleteRecorded(
  { store, now }: RequestDependencies,
  { flow: name, caller }: WantedDeletion,
  signal: AbortSignal,
): Promise<'accepted' | 'unknown'> {
  const known = await readRecord(store, name, signal);
  if (known === undefined) return 'unknown';
  if (known.deprovisionAskedAt !== undefined) return 'accepted';
  const at = now();
  const deletion = caller === undefined ? {} : { deletion: { ...known.deletion, caller } };
  const record = { ...known, deprovisionAskedAt: at.toISOString(), ...deletion };
  if (record.resultsDeletedAt !== undefined) {
    await writeRecord(store, record, signal);
    return 'accepted';
  }
  await scheduleCleanup(store, { flow: name, due: at.getTime() }, signal);
  const { outcome } = record;
  if (outcome.phase === 'succeeded') await store.remove([manifestKey(name, outcome.results.attempt)], signal);
  await writeRecord(store, record, signal);
  // Again: a sweep in between found results that were not due by their record, and dropped the first one.
  await scheduleCleanup(store, { flow: name, due: at.getTime() }, signal);
  return 'accepted';
}
