import { createHash, createHmac } from 'node:crypto';
import { sameText } from '../same-text.ts';
import { ServiceError } from '../errors.ts';

export interface ResultKey {
  id: string;
  key: string;
}

/** The right of a token's holder: to fetch the results of one attempt until `notAfter`. */
export interface ResultGrant {
  flow: string;
  attempt: string;
  /** Whole seconds since 1970. */
  notAfter: number;
  /** Media type of one file, as its template declares it. */
  media?: { path: string; type: string };
}

export type TokenVerdict =
  | { state: 'wrong' }
  | { state: 'expired'; attempt: string }
  | { state: 'valid'; attempt: string; mediaTypeOf: (path: string) => string | undefined };

const purpose = 'edc-job-provisioner/results/1';
export const keyIdForm = /^[A-Za-z0-9._-]{1,64}$/;
const form =
  /^([A-Za-z0-9._-]{1,64})~([A-Za-z0-9._-]{1,253})~([0-9a-z]{1,10})~([A-Za-z0-9_-]*)~[A-Za-z0-9_-]{43}$/;

/**
 * One path segment of unreserved characters, the same for the same grant and key: `key id~attempt~not after~media~HMAC`.
 * It comes before the file's path, since a connector may append to the path and replace the query. The first key signs.
 */
export function signResultToken(grant: ResultGrant, keys: readonly ResultKey[]): string {
  const [key] = keys;
  if (key === undefined)
    throw new ServiceError('invalid-config', 'RESULT_KEYS has no key to sign result addresses with');
  if (!keyIdForm.test(key.id))
    throw new ServiceError('invalid-config', 'a key id in RESULT_KEYS may have A-Z a-z 0-9 . _ - only');
  const media = grant.media === undefined ? '' : encodeMedia(grant.media);
  return sealed({ attempt: grant.attempt, notAfter: grant.notAfter.toString(36), media }, grant.flow, key);
}

/**
 * `expired` is a token that was valid; any other fault, the address of another flow included, is `wrong`. The comparison takes the same
 * time wherever the first difference is.
 */
export function verifyResultToken(
  token: string,
  { flow, keys, now }: { flow: string; keys: readonly ResultKey[]; now: Date },
): TokenVerdict {
  const [, id = '', attempt = '', notAfter = '', media = ''] = form.exec(token) ?? [];
  const key = keys.find((one) => one.id === id);
  if (key === undefined) return { state: 'wrong' };
  if (!sameText(sealed({ attempt, notAfter, media }, flow, key), token)) return { state: 'wrong' };
  if (now.getTime() > Number.parseInt(notAfter, 36) * 1000) return { state: 'expired', attempt };
  return { state: 'valid', attempt, mediaTypeOf: (path) => decodeMedia(media, path) };
}

function sealed(
  fields: { attempt: string; notAfter: string; media: string },
  flow: string,
  key: ResultKey,
): string {
  const { attempt, notAfter, media } = fields;
  const content = JSON.stringify([purpose, key.id, flow, attempt, notAfter, media]);
  const mac = createHmac('sha256', key.key).update(content).digest('base64url');
  return [key.id, attempt, notAfter, media, mac].join('~');
}

/** Holds only a digest of the path: the address has the path itself. */
function encodeMedia({ path, type }: { path: string; type: string }): string {
  return pathDigest(path) + Buffer.from(type, 'utf8').toString('base64url');
}

function decodeMedia(media: string, path: string): string | undefined {
  const digest = pathDigest(path);
  return media.startsWith(digest)
    ? Buffer.from(media.slice(digest.length), 'base64url').toString('utf8')
    : undefined;
}

function pathDigest(path: string): string {
  return createHash('sha256').update(path).digest().subarray(0, 9).toString('base64url');
}
