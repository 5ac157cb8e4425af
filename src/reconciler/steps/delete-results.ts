import { isDeepStrictEqual } from 'node:util';
import { isServiceError } from '../../errors.ts';
import { annotation, writeAnnotation } from '../../flow/annotations.ts';
import {
  doneAttempt,
  failedAttempt,
  nextAttempt,
  type Deletion,
  type StoredBytes,
} from '../../flow/deletion.ts';
import { nobodyFetches } from '../../flow/delivery.ts';
import type { Flow, ObservedOutcome } from '../../flow/flow.ts';
import { flowLabel } from '../../flow/labels.ts';
import { flowPrefix, recordKey } from '../../flow/keys.ts';
import { flowLogger } from '../../log.ts';
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

type Deleter = JobWriter & Pick<Reconciler, 'now' | 'store'>;

/** Deletes all of a flow's objects but its record, and its pods; the Job stays as a tombstone and has the attempts. */
export async function deleteResults(deps: Deleter, flow: Flow, signal: AbortSignal): Promise<StepResult> {
  const attempt = nextAttempt(flow.deletion, deps.now().toISOString());
  try {
    return await attemptDeletion(deps, { flow, attempt }, signal);
  } catch (error) {
    await saveFailure(deps, { flow, attempt, error }, signal);
    throw error;
  }
}

async function attemptDeletion(
  deps: Deleter,
  { flow, attempt }: { flow: Flow; attempt: Deletion },
  signal: AbortSignal,
): Promise<StepResult> {
  const removal = { store: deps.store, flow: flow.name };
  const found = attempt.found ?? (await countObjects(removal, signal));
  const deletion = { ...attempt, found };
  // Conditional: a replica that lost its Lease must not delete results that another one hands out.
  await patchFlow(deps, { flow, annotations: writeAnnotation(annotation.deletion, deletion) }, signal);
  await removeObjects(removal, signal);
  await removePods(deps, flow, signal);
  const current = deps.cache.flow(flow.name);
  if (current === undefined) return continueNow;
  const annotations = {
    [annotation.resultsDeletedAt]: deps.now().toISOString(),
    // Read again: a caller may have requested the deletion meanwhile.
    ...writeAnnotation(annotation.deletion, doneAttempt({ ...current.deletion, ...deletion })),
  };
  return await patchFlow(deps, { flow: current, annotations }, signal);
}

/** Nothing is saved after a lost race: the attempt is the other writer's. */
async function saveFailure(
  deps: Deleter,
  { flow, attempt, error }: { flow: Flow; attempt: Deletion; error: unknown },
  signal: AbortSignal,
): Promise<void> {
  const current = deps.cache.flow(flow.name) ?? flow;
  const failed = failedAttempt({ ...current.deletion, ...attempt }, error);
  if (signal.aborted || isServiceError(error, 'cluster-conflict', 'cluster-unavailable')) return;
  if (isDeepStrictEqual(failed, current.deletion)) return;
  const annotations = writeAnnotation(annotation.deletion, failed);
  try {
    await patchFlow(deps, { flow: current, annotations }, signal);
  } catch (cause) {
    // The step fails with the error of the attempt, which decides on its repeat.
    flowLogger(deps.log, flow.name).warn({ err: cause }, 'failure of the deletion not saved');
  }
}

/** All that a removal deletes. */
export async function countObjects(removal: Removal, signal: AbortSignal): Promise<StoredBytes> {
  const found = { objects: 0, bytes: 0 };
  try {
    for await (const { size } of objectsOf(removal, signal)) {
      found.objects += 1;
      found.bytes += size;
    }
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
  }
  return found;
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
    await store.remove(keysOf(removal, signal), signal);
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

async function* keysOf(removal: Removal, signal: AbortSignal): AsyncGenerator<string> {
  for await (const { key } of objectsOf(removal, signal)) yield key;
}

async function* objectsOf(
  { store, flow, keeps }: Removal,
  signal: AbortSignal,
): AsyncGenerator<{ key: string; size: number }> {
  const record = recordKey(flow);
  for await (const object of store.list(flowPrefix(flow), signal))
    if (object.key !== record && keeps?.(object.key) !== true) yield object;
}

async function removePods(
  { cluster }: Pick<Reconciler, 'cluster'>,
  { name }: Flow,
  signal: AbortSignal,
): Promise<void> {
  const { items } = await cluster.pods.list({ labelSelector: `${flowLabel}=${name}` }, signal);
  for (const { metadata } of items) await cluster.pods.delete(metadata?.name ?? '', {}, signal);
}
