import { StoreError } from '../http/store-error.ts';

const longestKey = 1024;

/** Throws InvalidBucketName unless it is one S3 allows for a new bucket. */
export function checkBucketName(name: string): void {
  const wellFormed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name);
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  if (!wellFormed || address || /\.\.|-\.|\.-/.test(name)) throw new StoreError('InvalidBucketName');
}

/**
 * Refuses keys that many clients would read as another path: with an empty segment, `.` or `..`. A slash at the end is
 * allowed, since tools make folders with it. Refuses characters that XML cannot hold, too.
 */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > longestKey) throw new StoreError('KeyTooLongError');
  const segments = key.replace(/\/$/, '').split('/');
  const wrong = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  // eslint-disable-next-line no-control-regex -- control characters are what this looks for
  if (wrong || /[\u0000-\u001f\u007f\ufffe\uffff]/.test(key)) throw new StoreError('InvalidObjectName');
}
