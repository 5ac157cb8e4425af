import { messageOf, ServiceError } from '../errors.ts';
import { errorCodeOf } from './upload/refusal.ts';

/** Translates what the store's client throws, or reports for one key, to the service's error: the border of `minio`. */
export function translateError(
  error: unknown,
  { signal, status }: { signal: AbortSignal; status?: number },
): ServiceError {
  if (error instanceof ServiceError) return error;
  if (signal.aborted)
    return unavailable(`the store did not answer in time: ${messageOf(signal.reason)}`, error);
  if (status === undefined || status < 300)
    return unavailable(`the store did not answer: ${describe(error)}`, error);
  const storeCode = textOf(error, 'code');
  const isMissing = status === 404 && storeCode !== 'NoSuchBucket';
  const code = isMissing ? 'object-missing' : errorCodeOf(status, storeCode);
  return new ServiceError(code, `the store answered ${status}: ${describe(error)}`, { cause: error });
}

function unavailable(message: string, cause: unknown): ServiceError {
  return new ServiceError('store-unavailable', message, { cause });
}

function describe(error: unknown): string {
  const parts = [textOf(error, 'code'), textOf(error, 'message')];
  return parts.filter((part) => part !== undefined && part !== '').join(' ') || 'no reason given';
}

/** A member of the client's own errors, or of an error in the store's answer, whose members start with a capital. */
function textOf(error: unknown, name: 'code' | 'message'): string | undefined {
  const members = (error ?? {}) as Record<string, unknown>;
  const capital = name === 'code' ? 'Code' : 'Message';
  return [members[name], members[capital]].find((value) => typeof value === 'string');
}
