import { isOutOfReach, isServiceError } from '../../errors.ts';
import { type Cleanup, cleanupPrefix, environmentBornAfter, readCleanupKey } from '../../flow/keys.ts';
import { doneAttempt, failedAttempt, nextAttempt, type Deletion } from '../../flow/deletion.ts';
import { readFlow } from '../../flow/flow.ts';
import { retentionEnd, type FlowRecord } from '../../flow/record.ts';
import { flowLogger } from '../../log.ts';
import { readRecord, writeRecord } from '../../requests/stored-record.ts';
import type { Reconciler } from '../reconciler.ts';
import { countObjects, removeObjects, type Removal } from '../steps/delete-results.ts';

/**
 * Deletes objects that no Job knows: results whose Job was deleted by hand, after their retention or a deprovision, and the environment of a
 * request that never became a Job. Reads only the keys that are due, the oldest first.
 */
export async function sweepBucket(deps: Reconciler, signal: AbortSignal): Promise<void> {
  const now = deps.now().getTime();
  try {
    for await (const { key } of deps.store.list(cleanupPrefix, signal)) {
      const cleanup = readCleanupKey(key);
      if (cleanup === undefined) continue;
      if (cleanup.due > now) return;
      if (await cleanUpIfPossible(deps, cleanup, signal)) await deps.store.remove([key], signal);
    }
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
  }
}

/** True if nothing is left to do. */
async function cleanUpIfPossible(deps: Reconciler, cleanup: Cleanup, signal: AbortSignal): Promise<boolean> {
  try {
    return await cleanUp(deps, cleanup, signal);
  } catch (error) {
    // If the API server or the store is out of reach, no other flow can be cleaned up either.
    if (isOutOfReach(error) || isServiceError(error, 'bucket-missing')) throw error;
    flowLogger(deps.log, cleanup.flow).warn({ err: error }, 'results not deleted yet');
    return false;
  }
}

async function cleanUp(deps: Reconciler, { flow, due }: Cleanup, signal: AbortSignal): Promise<boolean> {
  const { store, cluster, config } = deps;
  const record = await readRecord(store, flow, signal);
  if (record !== undefined && !isDue(record, due)) return true;
  const job = await cluster.jobs.get(flow, signal);
  // The sweep of tombstones deletes the results of a closed Job; an open flow will have a record with a time of its own.
  if (job !== undefined) return readFlow(job)?.state !== 'closed';
  const bornAfter = due - config.reconciler.orphanSeconds * 1000;
  const removal = { store, flow, keeps: (key: string) => environmentBornAfter(key, bornAfter) };
  if (record === undefined || record.resultsDeletedAt !== undefined) await removeObjects(removal, signal);
  else await removeRecorded(deps, { record, removal }, signal);
  flowLogger(deps.log, flow).info({ recorded: record !== undefined }, 'results without a Job deleted');
  return true;
}

/** Writes on the record what a deletion by the Job's steps writes on the Job. */
async function removeRecorded(
  { store, now }: Reconciler,
  { record, removal }: { record: FlowRecord; removal: Removal },
  signal: AbortSignal,
): Promise<void> {
  const found = record.deletion?.found ?? (await countObjects(removal, signal));
  const attempt = { ...nextAttempt(record.deletion, now().toISOString()), found };
  async function save(
    end: (deletion: Deletion) => Deletion,
    progress: Pick<FlowRecord, 'resultsDeletedAt'> = {},
  ): Promise<void> {
    // Read again: somebody may have requested the deletion meanwhile.
    const current = (await readRecord(store, record.flow, signal)) ?? record;
    const deletion = end({ ...current.deletion, ...attempt });
    await writeRecord(store, { ...current, ...progress, deletion }, signal);
  }
  try {
    await removeObjects(removal, signal);
  } catch (error) {
    if (!isOutOfReach(error)) await save((deletion) => failedAttempt(deletion, error));
    throw error;
  }
  await save(doneAttempt, { resultsDeletedAt: now().toISOString() });
}

/**
 * A key that was written at acceptance is not due before the retention of the flow's results ends. Once they are deleted, the objects that
 * are left belong to a later request.
 */
function isDue({ resultsDeletedAt, deprovisionAskedAt, ...record }: FlowRecord, due: number): boolean {
  return (resultsDeletedAt ?? deprovisionAskedAt) !== undefined || due >= retentionEnd(record);
}
