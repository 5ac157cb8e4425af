import type { EnvFileOwner } from '../env-files/env-file.ts';
import { signBearerToken, verifyBearerToken } from '../result/bearer-token.ts';
import type { ResultKey } from '../result/result-token.ts';

/** What an inbox takes: one body. Its token holds all of this, and nothing is stored before the body is there. */
export interface AssetInbox extends EnvFileOwner {
  id: string;
  /** An env file of the owner, or an input file. */
  kind: 'env' | 'input';
  /** Of the file. */
  name: string;
  secret: boolean;
  template: string;
  maxBytes: number;
  /** The key that has made the inbox. */
  createdBy: string;
}

export type InboxVerdict = { state: 'wrong' } | { state: 'expired' } | { state: 'valid'; inbox: AssetInbox };

interface Keys {
  keys: readonly ResultKey[];
}

/** One path segment: `content.token`. Its holder can read the content and not change it. */
export function signInboxToken(inbox: AssetInbox, { notAfter, keys }: Keys & { notAfter: number }): string {
  const content = Buffer.from(JSON.stringify(inbox)).toString('base64url');
  return `${content}.${signBearerToken({ ...grantOf(content), notAfter, bound: '' }, keys)}`;
}

export function readInboxToken(token: string, { keys, now }: Keys & { now: Date }): InboxVerdict {
  const [, content = '', signed = ''] = /^([A-Za-z0-9_-]+)\.(.+)$/.exec(token) ?? [];
  const { state } = verifyBearerToken(signed, { ...grantOf(content), keys, now });
  if (state !== 'valid') return { state };
  return { state, inbox: JSON.parse(Buffer.from(content, 'base64url').toString('utf8')) as AssetInbox };
}

/** In place of a flow, the whole content is signed. */
function grantOf(content: string): { use: 'asset-inbox'; flow: string } {
  return { use: 'asset-inbox', flow: content };
}
