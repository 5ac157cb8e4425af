import { randomUUID } from 'node:crypto';

import { StatusError } from '../registry/status-error.ts';
import type { KubeObject } from '../registry/types.ts';

export interface ListPage {
  items: readonly KubeObject[];
  resourceVersion: string;
  continueToken?: string;
  remaining: number;
}

/** Keeps what is left of paged lists, so that all pages of one list show one moment. */
export interface ListSnapshots {
  first(list: { items: readonly KubeObject[]; resourceVersion: string }, limit: number): ListPage;
  next(continueToken: string, limit: number): ListPage;
}

const kept = 32;

/** Snapshots share the stored objects and are bounded in number: the oldest is forgotten, its token then answers 410. */
export function createListSnapshots(): ListSnapshots {
  const snapshots = new Map<string, { items: readonly KubeObject[]; resourceVersion: string }>();

  function page(
    id: string | undefined,
    list: { items: readonly KubeObject[]; resourceVersion: string },
    at: { offset: number; limit: number },
  ): ListPage {
    const end = at.limit === 0 ? list.items.length : at.offset + at.limit;
    const items = list.items.slice(at.offset, end);
    const remaining = Math.max(list.items.length - end, 0);
    const { resourceVersion } = list;
    if (remaining === 0) return { items, resourceVersion, remaining };
    const snapshot = id ?? remember(list);
    return { items, resourceVersion, remaining, continueToken: encode({ snapshot, offset: end }) };
  }
  function remember(list: { items: readonly KubeObject[]; resourceVersion: string }): string {
    const id = randomUUID();
    snapshots.set(id, list);
    const oldest = snapshots.keys().next().value;
    if (snapshots.size > kept && oldest !== undefined) snapshots.delete(oldest);
    return id;
  }

  return {
    first: (list, limit) => page(undefined, list, { offset: 0, limit }),
    next(continueToken, limit) {
      const { snapshot, offset } = decode(continueToken);
      const list = snapshots.get(snapshot);
      if (!list) throw expiredToken();
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
  if (!/^\d{1,15}$/.test(offset)) {
    throw new StatusError({ code: 400, reason: 'BadRequest', message: 'continue key is not valid' });
  }
  return { snapshot, offset: Number(offset) };
}

function expiredToken(): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message:
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
  });
}
