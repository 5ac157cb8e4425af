import { isServiceError } from '../errors.ts';
import type { FoundFlow } from '../requests/flow-service.ts';
import type { RouteDeps } from './dialect.ts';

/**
 * Creates first, since nearly every request is new and reading first would double the requests to the cluster. A repeat gets the first
 * answer again, even if its template is gone or no new flow can be accepted now.
 */
export async function acceptOrFind<Created>(
  { flows }: { flows: Pick<RouteDeps<never>['flows'], 'find'> },
  { id, accept }: { id: string; accept: () => Promise<Created> },
  signal: AbortSignal,
): Promise<Created | FoundFlow> {
  try {
    return await accept();
  } catch (error) {
    const found = isServiceError(error, ...refusals) ? await flows.find(id, signal) : undefined;
    if (found === undefined) throw error;
    return found;
  }
}

/** Reasons to refuse a new flow that do not concern a repeat: template, callback address, store, admission of the Job. */
const refusals = [
  'invalid-request',
  'invalid-parameters',
  'invalid-template',
  'unknown-template',
  'forbidden',
  'store-unavailable',
  'store-refused',
  'store-forbidden',
  'cluster-refused',
] as const;
