import { createHmac } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import { sameText } from '../same-text.ts';
import { keyIdForm, type ResultKey } from './result-token.ts';

/**
 * `access`: fetches the bytes of a flow. `refresh`: is exchanged for access tokens. `inbox`: sends the bytes of a flow that receives.
 * `asset-inbox`: delivers one body for jobs of an asset.
 */
export type TokenUse = 'access' | 'refresh' | 'inbox' | 'asset-inbox';

export interface BearerGrant {
  use: TokenUse;
  flow: string;
  /** Whole seconds since 1970. */
  notAfter: number;
  /** Characters of base64url: what tells tokens of the same time apart, or the digest of the only party that may use the token. */
  bound: string;
}

export type BearerVerdict =
  { state: 'wrong' } | { state: 'expired' | 'valid'; notAfter: number; bound: string };

const form = /^([A-Za-z0-9._-]{1,64})~([0-9a-z]{1,10})~([A-Za-z0-9_-]{0,64})~[A-Za-z0-9_-]{43}$/;

/** `key id~not after~bound~HMAC`, the same for the same grant and key. Nothing is stored. The first key signs. */
export function signBearerToken(grant: BearerGrant, keys: readonly ResultKey[]): string {
  const [key] = keys;
  if (key === undefined || !keyIdForm.test(key.id))
    throw new ServiceError('invalid-config', 'RESULT_KEYS has no key to sign tokens with');
  return sealed({ ...grant, notAfter: grant.notAfter.toString(36) }, key);
}

/** A token of another flow or for another use is `wrong`. */
export function verifyBearerToken(
  token: string,
  { use, flow, keys, now }: Pick<BearerGrant, 'use' | 'flow'> & { keys: readonly ResultKey[]; now: Date },
): BearerVerdict {
  const [, id = '', notAfter = '', bound = ''] = form.exec(token) ?? [];
  const key = keys.find((one) => one.id === id);
  if (key === undefined) return { state: 'wrong' };
  if (!sameText(sealed({ use, flow, notAfter, bound }, key), token)) return { state: 'wrong' };
  const seconds = Number.parseInt(notAfter, 36);
  return { state: now.getTime() > seconds * 1000 ? 'expired' : 'valid', notAfter: seconds, bound };
}

function sealed(
  { use, flow, notAfter, bound }: Omit<BearerGrant, 'notAfter'> & { notAfter: string },
  key: ResultKey,
): string {
  const content = JSON.stringify([`edc-job-provisioner/${use}/1`, key.id, flow, notAfter, bound]);
  const mac = createHmac('sha256', key.key).update(content).digest('base64url');
  return [key.id, notAfter, bound, mac].join('~');
}
