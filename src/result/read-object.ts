import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { backOffMillis } from '../back-off.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import type { ByteRange, ObjectStore } from '../storage/object-store.ts';

export interface ObjectRead extends ByteRange {
  key: string;
  etag: string;
  /** Hex, of all these bytes. */
  crc32?: string | undefined;
}

export interface ReadRetry {
  /** Gives up after so many attempts in a row that bring no byte. */
  attempts: number;
  /** Before the second attempt. */
  firstMillis: number;
}

/** A connector fetches a result once and ends the transfer at the first error, so that a failed read is tried again. */
export const defaultRetry: ReadRetry = { attempts: 4, firstMillis: 250 };

const longestMillis = 5000;

interface ReadContext {
  store: ObjectStore;
  retry: ReadRetry;
}

/**
 * The bytes of one object. After a broken connection it continues where that broke, since the ETag names the object. The last bytes are
 * sent only if the checksum is right. Throws when the store sends other bytes, too few, or refuses.
 */
export async function* readObject(
  { store, retry: { attempts, firstMillis } }: ReadContext,
  read: ObjectRead,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const progress = { at: read.first, sum: 0 };
  for (let failures = 0; progress.at <= read.last;) {
    const before = progress.at;
    try {
      yield* readOnce(store, { read, progress }, signal);
    } catch (error) {
      failures = progress.at > before ? 1 : failures + 1;
      if (failures >= attempts || signal.aborted || !isTransient(error)) throw error;
      await delay(backOffMillis({ firstMillis, maxMillis: longestMillis }, failures), undefined, { signal });
    }
  }
}

interface Attempt {
  read: ObjectRead;
  progress: { at: number; sum: number };
}

async function* readOnce(
  store: ObjectStore,
  { read, progress }: Attempt,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  const part = { first: progress.at, last: read.last, etag: read.etag };
  for await (const chunk of await store.get(read.key, part, signal)) {
    if (progress.at + chunk.length > read.last + 1) throw changed('sent more of a result than was asked for');
    progress.at += chunk.length;
    if (read.crc32 !== undefined) progress.sum = crc32(chunk, progress.sum);
    if (progress.at > read.last) checkSum(progress.sum, read.crc32);
    yield chunk;
  }
  if (progress.at <= read.last)
    throw new ServiceError('store-unavailable', 'the store ended a result before its end');
}

function checkSum(sum: number, expected: string | undefined): void {
  if (expected === undefined || sum === Number.parseInt(expected, 16)) return;
  throw changed('sent other bytes than the manifest says');
}

/** An error of the stream itself is a broken connection. */
function isTransient(error: unknown): boolean {
  return !(error instanceof ServiceError) || isServiceError(error, 'store-unavailable');
}

function changed(what: string): ServiceError {
  return new ServiceError('precondition-failed', `the store ${what}`);
}
