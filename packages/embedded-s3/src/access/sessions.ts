import { randomBytes } from 'node:crypto';
import { StoreError } from '../http/store-error.ts';
import type { Statement } from './session-policy.ts';

/** Temporary credentials. Without a policy they have all rights of the long-lived key. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  readonly expires: number;
  readonly policy: readonly Statement[] | undefined;
}

export interface Sessions {
  issue(lifetime: number, policy: readonly Statement[] | undefined): Session;
  find(accessKeyId: string): Session | undefined;
}

const keptAfterEnd = 3600_000;

/**
 * Keeps the sessions in memory, at most `limit` of them. Keeps ended ones for an hour, or until their place is needed, so
 * that their holder gets ExpiredToken.
 */
export function createSessions(now: () => number, limit = 10_000): Sessions {
  const sessions = new Map<string, Session>();

  function removeEnded(endedBefore: number): void {
    for (const session of sessions.values())
      if (session.expires <= endedBefore) sessions.delete(session.accessKeyId);
  }

  return {
    find: (accessKeyId) => sessions.get(accessKeyId),
    issue(lifetime, policy) {
      if (sessions.size >= limit) removeEnded(now() - keptAfterEnd);
      if (sessions.size >= limit) removeEnded(now());
      if (sessions.size >= limit)
        throw new StoreError('ServiceUnavailable', `There are ${limit} open sessions already.`);
      const session = {
        accessKeyId: 'ASIA' + randomBytes(8).toString('hex').toUpperCase(),
        secretAccessKey: randomBytes(30).toString('base64url'),
        token: randomBytes(48).toString('base64url'),
        expires: now() + lifetime * 1000,
        policy,
      };
      sessions.set(session.accessKeyId, session);
      return session;
    },
  };
}
