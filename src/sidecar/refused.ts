import type { BigIntStats } from 'node:fs';
import { ServiceError } from '../errors.ts';

/** A result that no retry will make uploadable: the flow fails and names it. */
export function refused(path: string, why: string, cause?: unknown): ServiceError {
  return new ServiceError('forbidden', `${JSON.stringify(path)} ${why}`, { field: path, cause });
}

export function unreadable(path: string, stat: BigIntStats | undefined, cause: unknown): ServiceError {
  if (stat === undefined) return refused(path, 'cannot be read', cause);
  const mode = (Number(stat.mode) & 0o7777).toString(8).padStart(4, '0');
  return refused(path, `cannot be read: mode ${mode}, owner ${stat.uid}:${stat.gid}`, cause);
}

export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
