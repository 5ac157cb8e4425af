import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { SidecarSettings } from '../config/sidecar.ts';
import { messageOf } from '../errors.ts';
import { BufferPool } from '../storage/upload/buffer-pool.ts';
import type { StoreAccess } from '../storage/upload/ask-store.ts';
import { createCredentialReader } from '../storage/upload/credentials.ts';
import { partBytes } from '../storage/upload/multipart-upload.ts';
import type { Retry } from '../storage/upload/repeat.ts';
import { createSender } from '../storage/upload/send-request.ts';
import { openJournal, type Journal } from './journal.ts';
import type { Log } from './log-line.ts';

/** State that all parts of one run share. */
export interface Session {
  settings: SidecarSettings;
  /** The results' folder, without symlinks. */
  root: string;
  store: StoreAccess;
  pool: BufferPool;
  journal: Journal;
  log: Log;
  retry: Retry;
  /** The last failure while uploads fail: it says more than a deadline. */
  trouble: { last: unknown };
  /** Aborts shortly before the grace ends. */
  deadline: AbortSignal;
  close(): void;
}

/** Files that are uploaded at once; the pool's budget bounds those of more than a few kilobytes further. */
export const concurrency = 16;
const uploaders = 4;

export function openSession(settings: SidecarSettings, log: Log, deadline: AbortSignal): Session {
  const { endpoint, region, bucket } = settings;
  const sender = createSender({
    endpoint,
    timeoutMillis: settings.requestTimeoutMillis,
    connections: concurrency,
  });
  const trouble: Session['trouble'] = { last: undefined };
  const logged = logFailure(log);
  const retry: Retry = {
    firstMillis: 100,
    maxMillis: 5_000,
    onFailure(failure) {
      trouble.last = failure.error;
      logged(failure);
    },
  };
  const credentials = createCredentialReader(settings.credentials);
  const root = realpathSync(settings.results);
  const journal = openJournal(join(settings.state, 'journal.jsonl'), settings.attempt, (error) => {
    log('error', 'the journal could not be written', { problem: messageOf(error) });
  });
  return {
    settings,
    root,
    store: { sender, credentials, region, bucket, retry },
    pool: new BufferPool(uploaders * partBytes),
    journal,
    log,
    retry,
    trouble,
    deadline,
    close() {
      sender.close();
      journal.close();
    },
  };
}

/** Logs the first failure, the second, the fourth: an hour without a store makes a dozen lines per request. */
function logFailure(log: Log): NonNullable<Retry['onFailure']> {
  return ({ attempt, error }) => {
    if ((attempt & (attempt - 1)) !== 0) return;
    log('warn', 'uploading failed and is tried again', { attempt, problem: messageOf(error) });
  };
}
