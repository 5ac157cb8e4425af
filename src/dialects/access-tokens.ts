import type { Dispatcher } from 'undici';
import { messageOf } from '../errors.ts';
import { clientCredentials, type Client } from './request-token.ts';
import { createTokenSource, type TokenSource } from './token-source.ts';

export type TokenAnswer = { token: string } | { problem: string };

/** Access tokens, by client: one request serves many calls, until the token expires or is refused. */
export interface AccessTokens {
  /** A problem is one sentence without a secret; it is kept for a second. Throws only when `signal` aborts. */
  get(client: Client, call: TokenCall, signal: AbortSignal): Promise<TokenAnswer>;
  /** Call it after a 401: the next `get` requests another token, unless this one has been replaced already. */
  drop(client: Client, token: string): void;
}

export interface TokenCall {
  timeoutMillis: number;
  dispatcher: Dispatcher;
}

/** A server need not say how long a token is valid. */
const defaultSeconds = 300;

/** A token is not used at the end of its life: the call may take some time, and clocks differ. */
function usableSeconds(seconds = defaultSeconds): number {
  return Math.max(seconds - 30, seconds * 0.8);
}

/** Calls within this time after a failed request get the same problem: many flows may be delivered at once. */
const retryMillis = 1000;

/** `monotonic`: a clock that never goes back, in milliseconds. */
export function createAccessTokens(monotonic: () => number = () => performance.now()): AccessTokens {
  const sources = new Map<string, TokenSource>();
  function sourceOf(client: Client, call: TokenCall): TokenSource {
    const key = keyOf(client);
    const source = sources.get(key) ?? createTokenSource(clientCredentials(client), { ...options, ...call });
    sources.set(key, source);
    return source;
  }
  const options = {
    ...{ monotonic, usableSeconds, now: () => new Date() },
    // A management API takes a token many times.
    once: 'never' as const,
    backoff: { firstMillis: retryMillis, maxMillis: retryMillis },
    random: () => 0.5,
    // Several callers wait for a request: none of them may abort it, and its timeout ends it.
    stopping: new AbortController().signal,
  };
  return {
    async get(client, call, signal) {
      try {
        return { token: await sourceOf(client, call).obtain(signal) };
      } catch (error) {
        signal.throwIfAborted();
        return { problem: messageOf(error) };
      }
    },
    drop(client, token) {
      sources.get(keyOf(client))?.drop(token);
    },
  };
}

function keyOf({ tokenEndpoint, clientId, clientSecret, scope }: Client): string {
  return JSON.stringify([tokenEndpoint, clientId, clientSecret, scope]);
}
