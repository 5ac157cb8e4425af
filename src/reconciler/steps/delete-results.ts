import { isServiceError } from '../../errors.ts';
import { annotation } from '../../flow/annotations.ts';
import { nobodyFetches } from '../../flow/delivery.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import { flowLabel } from '../../flow/labels.ts';
import { flowPrefix, recordKey } from '../../flow/keys.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { continueNow, type Reconciler, type Step, type StepResult } from '../reconciler.ts';
import { patchFlow, type JobWriter } from '../patch-flow.ts';

export function decideDeletion({ flow }: ObservedOutcome): Step<'delete-results'> | undefined {
  if (flow.resultsDeletedAt !== undefined || !nobodyFetches(flow)) return undefined;
  return {
    kind: 'delete-results',
    run: async (deps, signal) => {
      await deps.pushes.stop(flow.name);
      return await deleteResults(deps, flow, signal);
    },
  };
}

/** Deletes all of a flow's objects but its record, and its pods; the Job stays as a tombstone. */
export async function deleteResults(
  deps: JobWriter & Pick<Reconciler, 'now' | 'store'>,
  flow: Flow,
  signal: AbortSignal,
): Promise<StepResult> {
  const at = deps.now().toISOString();
  // Conditional: a replica that lost its Lease must not delete results that another one hands out.
  await patchFlow(deps, { flow, annotations: { [annotation.deletionStartedAt]: at } }, signal);
  await removeObjects({ store: deps.store, flow: flow.name }, signal);
  await removePods(deps, flow, signal);
  const current = deps.cache.flow(flow.name);
  if (current === undefined) return continueNow;
  return await patchFlow(deps, { flow: current, annotations: { [annotation.resultsDeletedAt]: at } }, signal);
}

export interface Removal {
  store: ObjectStore;
  flow: string;
  /** Keys that stay, beside the record's. */
  keeps?: (key: string) => boolean;
}

export async function removeObjects(removal: Removal, signal: AbortSignal): Promise<void> {
  const { store, flow } = removal;
  try {
    await abortUploads(store, flow, signal);
    await store.remove(objectsOf(removal, signal), signal);
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
  }
}

/** A crash leaves parts of an upload that cost space until they are aborted. Skipped if the store does not let us list uploads. */
export async function abortUploads(store: ObjectStore, flow: string, signal: AbortSignal): Promise<void> {
  try {
    await store.abortUploads(flowPrefix(flow), signal);
  } catch (error) {
    if (!isServiceError(error, 'store-refused', 'store-forbidden')) throw error;
  }
}

async function* objectsOf({ store, flow, keeps }: Removal, signal: AbortSignal): AsyncGenerator<string> {
  const record = recordKey(flow);
  for await (const { key } of store.list(flowPrefix(flow), signal))
    if (key !== record && keeps?.(key) !== true) yield key;
}

async function removePods(
  { cluster }: Pick<Reconciler, 'cluster'>,
  { name }: Flow,
  signal: AbortSignal,
): Promise<void> {
  const { items } = await cluster.pods.list({ labelSelector: `${flowLabel}=${name}` }, signal);
  for (const { metadata } of items) await cluster.pods.delete(metadata?.name ?? '', {}, signal);
}
