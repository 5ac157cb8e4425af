import { backOffMillis } from '../back-off.ts';
import type { StoredStream, StreamUpload } from '../storage/upload/upload-stream.ts';
import { attemptFetch } from './attempt-fetch.ts';
import { redactorOfAddress } from './upload.ts';
import type { FetchResult, FileFetch } from './types.ts';

/** One fetch over all its attempts. */
export interface Fetching {
  fetch: FileFetch;
  /** On the clock. */
  deadline: number;
  /** What has arrived of the present version of the file. */
  part?: PartOfFile | undefined;
}

export interface PartOfFile {
  upload: StreamUpload;
  name: string;
  /** If the provider said it. */
  size: number | undefined;
  /** A strong one, without which the rest cannot be asked for. */
  etag: string | undefined;
  modifiedAt: string | undefined;
}

export interface FetchedFile extends StoredStream {
  name: string;
  modifiedAt: string | undefined;
}

/**
 * Streams one file from its provider into the store. After an interruption it asks for the rest if the provider names a version of the
 * file, else for the whole again. Throws only when `signal` aborts; then no connection and no upload is left.
 */
export async function fetchFile(fetch: FileFetch, signal: AbortSignal): Promise<FetchResult> {
  const { limits, clock, source } = fetch;
  const fetching: Fetching = { fetch, deadline: clock.monotonic() + limits.totalMillis };
  const redact = redactorOfAddress(source);
  let failures = 0;
  try {
    for (let attempts = 1; ; attempts += 1) {
      const before = receivedBytes(fetching);
      const end = await attemptFetch(fetching, signal);
      if (end.verdict === 'done') return { result: 'done', file: end.file, bytes: end.file.size, attempts };
      const problem = redact(end.problem);
      if (end.verdict === 'failed') return { result: 'failed', problem, attempts };
      failures = receivedBytes(fetching) > before ? 1 : failures + 1;
      const pause = pauseAfter(limits, failures, end.retryAfterMillis);
      if (failures >= limits.attempts || clock.monotonic() + pause >= fetching.deadline)
        return { result: 'interrupted', problem, attempts };
      await clock.sleep(pause, signal);
      signal.throwIfAborted();
    }
  } finally {
    await dropPart(fetching);
  }
}

function receivedBytes({ part }: Fetching): number {
  return part?.upload.size ?? 0;
}

function pauseAfter(limits: FileFetch['limits'], failures: number, retryAfterMillis = 0): number {
  return Math.max(
    backOffMillis(limits.backOff, failures),
    Math.min(retryAfterMillis, limits.retryAfterMillis),
  );
}

export async function dropPart(fetching: Fetching): Promise<void> {
  await fetching.part?.upload.abort();
  fetching.part = undefined;
}
