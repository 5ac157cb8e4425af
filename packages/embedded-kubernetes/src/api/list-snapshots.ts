import { randomUUID } from 'node:crypto';

import type { KubeObject } from '../objects/kube-object.ts';
import { badRequest, StatusError } from '../objects/status-error.ts';

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

  function page(list: List, { snapshot, offset }: Partial<Token>, limit: number): ListPage {
    const start = offset ?? 0;
    const end = limit === 0 ? list.items.length : start + limit;
    const remaining = Math.max(list.items.length - end, 0);
    const found = { items: list.items.slice(start, end), resourceVersion: list.resourceVersion, remaining };
    if (remaining === 0) return found;
    return { ...found, continueToken: encode({ snapshot: snapshot ?? remember(list), offset: end }) };
  }
  function remember(list: List): string {
    const id = randomUUID();
    snapshots.set(id, list);
    const oldest = snapshots.keys().next().value;
    if (snapshots.size > kept && oldest !== undefined) snapshots.delete(oldest);
    return id;
  }

  return {
    first: (list, limit) => page(list, {}, limit),
    next({ token, scope }, limit) {
      const place = decode(token);
      const list = snapshots.get(place.snapshot);
      if (!list) throw expiredToken();
      if (list.scope !== scope) throw invalidToken();
      return page(list, place, limit);
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
