import { randomUUID } from 'node:crypto';

import { badRequest, StatusError } from '../registry/status-error.ts';
import type { KubeObject } from '../registry/types.ts';

export interface ListPage {
  items: readonly KubeObject[];
  resourceVersion: string;
  continueToken?: string;
  remaining: number;
}

interface List {
  /** The kind and the namespace: a token is good for no other list, which other rights may be needed for. */
  scope: string;
  items: readonly KubeObject[];
  resourceVersion: string;
}

/** Keeps what is left of paged lists, so that all pages of one list show one moment. */
export interface ListSnapshots {
  first(list: List, limit: number): ListPage;
  next(token: { token: string; scope: string }, limit: number): ListPage;
}

const kept = 32;

/** Snapshots share the stored objects and are bounded in number: the oldest is forgotten, its token then answers 410. */
export function createListSnapshots(): ListSnapshots {
  const snapshots = new Map<string, List>();

  function page(id: string | undefined, list: List, at: { offset: number; limit: number }): ListPage {
    const end = at.limit === 0 ? list.items.length : at.offset + at.limit;
    const items = list.items.slice(at.offset, end);
    const remaining = Math.max(list.items.length - end, 0);
    const { resourceVersion } = list;
    if (remaining === 0) return { items, resourceVersion, remaining };
    const snapshot = id ?? remember(list);
    return { items, resourceVersion, remaining, continueToken: encode({ snapshot, offset: end }) };
  }
  function remember(list: List): string {
    const id = randomUUID();
    snapshots.set(id, list);
    const oldest = snapshots.keys().next().value;
    if (snapshots.size > kept && oldest !== undefined) snapshots.delete(oldest);
    return id;
  }

  return {
    first: (list, limit) => page(undefined, list, { offset: 0, limit }),
    next({ token, scope }, limit) {
      const { snapshot, offset } = decode(token);
      const list = snapshots.get(snapshot);
      if (!list) throw expiredToken();
      if (list.scope !== scope) throw invalidToken();
      return page(snapshot, list, { offset, limit });
    },
  };
}

interface Token {
  snapshot: string;
  offset: number;
}

function encode({ snapshot, offset }: Token): string {
  return Buffer.from(`${snapshot}:${offset}`).toString('base64url');
}

function decode(token: string): Token {
  const [snapshot = '', offset = ''] = Buffer.from(token, 'base64url').toString().split(':');
  if (!/^\d{1,15}$/.test(offset)) throw invalidToken();
  return { snapshot, offset: Number(offset) };
}

function invalidToken(): StatusError {
  return badRequest('continue key is not valid');
}

function expiredToken(): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
  });
}
