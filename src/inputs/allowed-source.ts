import { isLoopback } from '../addresses.ts';

export interface S3Object {
  bucket: string;
  key: string;
}

const s3Address = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/([^]{1,1024})$/;

/** Undefined for what is no `s3://bucket/key`, and for keys that a policy or a server would not take literally. */
export function readS3Address(address: string): S3Object | undefined {
  const [, bucket, key] = s3Address.exec(address) ?? [];
  if (bucket === undefined || key === undefined) return undefined;
  const isOdd = /[*?$\\\p{Cc}]/u.test(key) || key.split('/').some((part) => ['', '.', '..'].includes(part));
  return isOdd ? undefined : { bucket, key };
}

/**
 * Undefined for what is no `https://` URL, or `http://` on this machine. Encoded dots, slashes and backslashes are refused, since a server may
 * read them as the way out of an allowed folder.
 */
export function readHttpAddress(address: string): URL | undefined {
  const url = URL.parse(address);
  if (url === null) return undefined;
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  const isPlain = url.username + url.password + url.hash === '' && !/%(2e|2f|5c)/i.test(url.pathname);
  return isSafe && isPlain ? url : undefined;
}

/** The prefixes end in a slash, so that no other host or bucket starts with one. */
export function isAllowed(address: string, allow: readonly string[]): boolean {
  return allow.some((prefix) => address.startsWith(prefix));
}
