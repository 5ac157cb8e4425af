import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { messageOf } from '../errors.ts';
import { progressKey } from '../flow/keys.ts';
import {
  readWorkerProgress,
  workerProgressFile,
  type FlowProgress,
  type WorkerProgress,
} from '../flow/progress.ts';
import { putObject } from '../storage/upload/put-object.ts';
import type { Session } from './session.ts';

const writeMillis = 10_000;
const workerFileBytes = 4096;

/**
 * Writes how far the attempt is into the store, each time that it has changed and a while has passed, until the signal. Nothing depends on it:
 * a failure is logged once, and the next change is written again.
 */
export async function reportProgress(session: Session, signal: AbortSignal): Promise<void> {
  const { settings, log } = session;
  let written = nothing;
  let failed = false;
  while (await pause(settings.progressMillis, signal)) {
    try {
      const progress = await readProgress(session);
      const now = JSON.stringify(progress);
      if (now === written) continue;
      await writeProgress(session, progress, AbortSignal.any([signal, AbortSignal.timeout(writeMillis)]));
      written = now;
    } catch (error) {
      if (!failed && !signal.aborted)
        log('warn', 'the progress could not be written', { problem: messageOf(error) });
      failed = true;
    }
  }
}

/** False if the signal has aborted. */
async function pause(millis: number, signal: AbortSignal): Promise<boolean> {
  await delay(millis, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

type Progress = Omit<FlowProgress, 'at'>;

const nothing = JSON.stringify({ files: 0, bytes: 0 } satisfies Progress);

async function readProgress({ journal, root }: Session): Promise<Progress> {
  const worker = await readWorkerFile(join(root, workerProgressFile));
  let bytes = 0;
  for (const { size } of journal.stored.values()) bytes += size;
  return { files: journal.stored.size, bytes, ...(worker === undefined ? {} : { worker }) };
}

async function writeProgress(
  { settings, store, retry }: Session,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const { flow, attempt } = settings;
  const bytes = Buffer.from(JSON.stringify({ ...progress, at: new Date().toISOString() }));
  const { firstMillis, maxMillis } = retry;
  // Its failures say nothing about the results.
  const quiet = { ...store, retry: { firstMillis, maxMillis } };
  await putObject(
    quiet,
    { key: progressKey(flow, attempt), payload: { bytes, crc32: crc32(bytes) } },
    signal,
  );
}

/** Undefined if there is none that can be read, is a plain file and is small. It never waits, whatever the worker has put there. */
async function readWorkerFile(path: string): Promise<WorkerProgress | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(workerFileBytes + 1),
      0,
      workerFileBytes + 1,
      0,
    );
    return bytesRead > workerFileBytes
      ? undefined
      : readWorkerProgress(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await file.close();
  }
}
