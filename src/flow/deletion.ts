import { isServiceError } from '../errors.ts';
import type { Flow } from './flow.ts';
import type { FlowRecord } from './record.ts';

/** The deletion of a flow's objects. The time at which it was requested, if it was, is the flow's `deprovisionAskedAt`. */
export interface Deletion {
  /** Name of the key that requested it; absent: the connector did. */
  caller?: string;
  attempts?: number;
  /** When the last attempt started. RFC 3339. */
  startedAt?: string;
  /** All objects of the flow but its record, before the first of them was deleted; without a Job also without the manifest, which goes first. */
  found?: StoredBytes;
  /** Code of the error of the last attempt that failed: another one follows. */
  problem?: string;
}

export interface StoredBytes {
  objects: number;
  bytes: number;
}

export interface RequestedDeletion extends Deletion {
  requestedAt: string;
  deletedAt?: string;
}

type Requested = Pick<Flow | FlowRecord, 'deprovisionAskedAt' | 'resultsDeletedAt' | 'deletion'>;

/** Undefined if nobody requested it. */
export function requestedDeletion({
  deprovisionAskedAt: requestedAt,
  resultsDeletedAt: deletedAt,
  deletion,
}: Requested): RequestedDeletion | undefined {
  if (requestedAt === undefined) return undefined;
  return { ...deletion, requestedAt, ...(deletedAt === undefined ? {} : { deletedAt }) };
}

/** The deletion as its next attempt starts. The problem of the one before stays until an attempt succeeds. */
export function nextAttempt(deletion: Deletion | undefined, startedAt: string): Deletion {
  return { ...deletion, attempts: (deletion?.attempts ?? 0) + 1, startedAt };
}

/** The deletion once its attempt has failed. */
export function failedAttempt(deletion: Deletion, error: unknown): Deletion {
  return { ...deletion, problem: isServiceError(error) ? error.code : 'internal' };
}

/** The deletion once its attempt has succeeded. */
export function doneAttempt(deletion: Deletion): Deletion {
  const done = { ...deletion };
  delete done.problem;
  return done;
}
