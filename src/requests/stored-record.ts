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
 * Writes the record and its place in the index. While there are results, the time of their deletion is written down first: they must
 * not outlive their retention because somebody deleted the Job.
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
  await store.put(emptyObject(recordIndexKey(flow, request.acceptedAt)), signal);
}

/** The sweep will look at what the flow has in the bucket then, and delete it unless its Job is there and takes care of it. */
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
