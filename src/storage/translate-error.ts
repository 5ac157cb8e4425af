import { messageOf, ServiceError, type ErrorCode } from '../errors.ts';
import type { Call } from './bounded-transport.ts';
import { isForbidden, isPassing } from './upload/refusal.ts';

/** What the store's client throws, as the service's error: the border of `minio`. */
export function translateError(error: unknown, call: Call): ServiceError {
  if (error instanceof ServiceError) return error;
  if (call.signal.aborted) {
    const why = messageOf(call.signal.reason);
    return new ServiceError('store-unavailable', `the store did not answer in time: ${why}`, {
      cause: error,
    });
  }
  const { status } = call;
  const code = stringMember(error, 'code') ?? stringMember(error, 'Code');
  if (status === undefined || status < 300) {
    return new ServiceError('store-unavailable', `the store did not answer: ${describe(error)}`, {
      cause: error,
    });
  }
  const message = `the store answered ${status}: ${describe(error)}`;
  return new ServiceError(errorCode(status, code), message, { cause: error });
}

function errorCode(status: number, code: string | undefined): ErrorCode {
  if (code === 'NoSuchBucket') return 'bucket-missing';
  if (status === 404) return 'object-missing';
  if (status === 412) return 'precondition-failed';
  if (isForbidden(status)) return 'store-forbidden';
  return isPassing(status, code) ? 'store-unavailable' : 'store-refused';
}

function describe(error: unknown): string {
  const code = stringMember(error, 'code') ?? stringMember(error, 'Code');
  const message = stringMember(error, 'message') ?? stringMember(error, 'Message') ?? '';
  return [code, message].filter((part) => part !== undefined && part !== '').join(' ') || 'no reason given';
}

function stringMember(error: unknown, name: string): string | undefined {
  const value = (error as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}
