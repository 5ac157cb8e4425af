import { isServiceError } from '../errors.ts';
import { type Cleanup, cleanupKey, recordIndexKey, recordKey } from '../flow/keys.ts';
import { retentionEnd, type FlowRecord } from '../flow/record.ts';
import type { ObjectStore, ObjectToPut } from '../storage/object-store.ts';

const recordLimitBytes = 1024 * 1024;

export async function readRecord(
  store: ObjectStore,
  flow: string,
  signal: AbortSignal,
): Promise<FlowRecord | undefined> {
  try {
    const object = await store.read(recordKey(flow), recordLimitBytes, signal);
    return object?.bytes && (JSON.parse(object.bytes.toString('utf8')) as FlowRecord);
  } catch (error) {
    if (isServiceError(error, 'bucket-missing')) return undefined;
    throw error;
  }
}

/**
 * Writes the record and its index entry. While there are results, their deletion is scheduled first: they must not outlive their retention
 * if the Job is deleted by hand.
 */
export async function writeRecord(
  store: ObjectStore,
  record: FlowRecord,
  signal: AbortSignal,
): Promise<void> {
  const { flow, request, resultsDeletedAt } = record;
  if (resultsDeletedAt === undefined)
    await scheduleCleanup(store, { flow, due: retentionEnd(record) }, signal);
  const body = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  await store.put({ key: recordKey(flow), body, contentType }, signal);
  await store.put(emptyObject(recordIndexKey({ flow, acceptedAt: request.acceptedAt })), signal);
}

/** When it is due, the sweep deletes the flow's objects in the bucket, unless the Job exists and is responsible for them. */
export async function scheduleCleanup(
  store: ObjectStore,
  cleanup: Cleanup,
  signal: AbortSignal,
): Promise<void> {
  await store.put(emptyObject(cleanupKey(cleanup)), signal);
}

const contentType = 'application/json';

function emptyObject(key: string): ObjectToPut {
  return { key, body: Buffer.alloc(0), contentType };
}
