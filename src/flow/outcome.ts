import type { CancelReason, FailureReason } from './reasons.ts';

/** Annotations share 256 KiB; the beginning of a message says what happened. */
export const messageLimit = 2000;

export interface ResultsSummary {
  /** Pod UID of the one attempt whose results are handed out. */
  attempt: string;
  files: number;
  bytes: number;
  manifestSha256: string;
  manifestEtag: string;
}

/** `detail`: the last lines of the worker's log, for the provider alone. A connector is never sent them: they may hold what is private. */
export type Outcome =
  | { phase: 'succeeded'; at: string; results: ResultsSummary }
  | { phase: 'failed'; at: string; reason: FailureReason; message: string; detail?: string }
  | { phase: 'cancelled'; at: string; reason: CancelReason; message: string };

/** What the attempt's pod said at its end, kept on the Job because pods vanish. */
export interface AttemptEnd {
  /** Pod UID. */
  attempt: string;
  pod: string;
  /** When the pod was created; absent in what was written before this was kept. */
  createdAt?: string;
  worker?: { exitCode: number; reason: string; message?: string; finishedAt?: string };
  sidecar?: { exitCode: number; reason: string; message?: string };
  /** DisruptionTarget, a deletionTimestamp seen before the worker's end, Evicted, node lost, …: not a result whatever the exit code. */
  disrupted?: string;
  /** The same after the worker's end was recorded: its results count if the upload was brought to its end all the same. */
  interrupted?: string;
  /** The last lines of the worker's log, if it failed or wrote nothing. */
  log?: string;
  at: string;
}
