import { ServiceError, type ErrorCode } from '../../errors.ts';
import type { Answer } from './send-request.ts';

/** What an S3 server's answer says is wrong: its own code, if it gave one. */
export function refusalCode(answer: Answer): string | undefined {
  return /<Code>([^<]{1,100})<\/Code>/.exec(answer.body)?.[1];
}

/** An answer as the service's error; a 200 may hold an error too (completing a multipart upload). */
export function refusal(answer: Answer, what: string): ServiceError {
  const code = refusalCode(answer);
  const message = /<Message>([^<]{1,300})<\/Message>/.exec(answer.body)?.[1];
  const said = [answer.status, code, message].filter((part) => part !== undefined).join(' ');
  return new ServiceError(errorCode(answer.status, code), `the store refused ${what}: ${said}`);
}

function errorCode(status: number, code: string | undefined): ErrorCode {
  if (code === 'NoSuchBucket') return 'bucket-missing';
  if (code === 'NoSuchKey') return 'object-missing';
  if (status === 412) return 'precondition-failed';
  return isPassing(status, code) ? 'store-unavailable' : 'store-refused';
}

const passingCodes = new Set([
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

/** Wrong or rotated keys, missing rights, a clock that is off: the same request succeeds once somebody has corrected that. */
export function isForbidden(status: number): boolean {
  return status === 401 || status === 403;
}

/**
 * Whether the same request may succeed later. 403 counts: keys expire and are renewed behind our back; 501 does not.
 */
export function isPassing(status: number, code: string | undefined): boolean {
  if (code !== undefined && passingCodes.has(code)) return true;
  return status === 403 || status === 408 || status === 429 || (status >= 500 && status !== 501);
}
