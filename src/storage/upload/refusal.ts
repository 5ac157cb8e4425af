import { ServiceError, type ErrorCode } from '../../errors.ts';
import type { Answer } from './send-request.ts';

/** The S3 error code of an answer, if it has one. */
export function refusalCode({ body }: Pick<Answer, 'body'>): string | undefined {
  return /<Code>([^<]{1,100})<\/Code>/.exec(body)?.[1];
}

export function refusalMessage({ body }: Pick<Answer, 'body'>): string | undefined {
  return /<Message>([^<]{1,300})<\/Message>/.exec(body)?.[1];
}

/** Translates an answer to the service's error. A 200 may hold an error too (completing a multipart upload). */
export function refusal(answer: Answer, what: string): ServiceError {
  const code = refusalCode(answer);
  const said = [answer.status, code, refusalMessage(answer)].filter((part) => part !== undefined).join(' ');
  return new ServiceError(errorCodeOf(answer.status, code), `the store refused ${what}: ${said}`);
}

/**
 * Error code of a refusal by the store, or by its STS. `store-unavailable`: the same request may succeed later, unlike one that is not
 * implemented (501). `store-forbidden`: it succeeds once somebody has corrected keys, rights or a clock.
 */
export function errorCodeOf(status: number, code: string | undefined): ErrorCode {
  if (code === 'NoSuchBucket') return 'bucket-missing';
  if (code === 'NoSuchKey') return 'object-missing';
  if (status === 412) return 'precondition-failed';
  if (status === 401 || status === 403) return 'store-forbidden';
  return isTransient(status, code) ? 'store-unavailable' : 'store-refused';
}

function isTransient(status: number, code: string | undefined): boolean {
  if (code !== undefined && transientCodes.has(code)) return true;
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

const transientCodes = new Set([
  'InternalError',
  'SlowDown',
  'RequestTimeout',
  'OperationAborted',
  'ConditionalRequestConflict',
  'BadDigest',
  'IncompleteBody',
  'XAmzContentChecksumMismatch',
  'ServiceUnavailable',
]);
