import type { Dispatcher } from 'undici';
import { messageOf } from '../errors.ts';
import { untilAborted } from '../until-aborted.ts';
import { clientCredentials, requestToken, type Client } from './request-token.ts';

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

interface Held {
  answer: Promise<ReadAnswer>;
  token?: string;
  /** Milliseconds of the given clock. */
  until: number;
}

/** A server need not say how long a token is valid. */
const defaultSeconds = 300;

/** Calls within this time after a failed request get the same problem: many flows may be delivered at once. */
const retryMillis = 1000;

/** A token is not used at the end of its life: the call may take some time, and clocks differ. */
function usableMillis(seconds: number): number {
  return Math.max(seconds - 30, seconds * 0.8) * 1000;
}

/** `now`: a clock that never goes back, in milliseconds. */
export function createAccessTokens(now: () => number = () => performance.now()): AccessTokens {
  const held = new Map<string, Held>();
  function hold(client: Client, call: TokenCall): Held {
    const one: Held = { answer: request(client, call), until: Infinity };
    held.set(keyOf(client), one);
    void one.answer.then((read) => {
      if ('problem' in read) one.until = now() + retryMillis;
      else Object.assign(one, { token: read.token, until: now() + usableMillis(read.seconds) });
    });
    return one;
  }
  function forget(client: Client, one: Held): void {
    if (held.get(keyOf(client)) === one) held.delete(keyOf(client));
  }
  return {
    async get(client, call, signal) {
      signal.throwIfAborted();
      const known = held.get(keyOf(client));
      const { answer } = known !== undefined && known.until > now() ? known : hold(client, call);
      const read = await untilAborted(answer, signal);
      return 'problem' in read ? read : { token: read.token };
    },
    drop(client, token) {
      const known = held.get(keyOf(client));
      if (known?.token === token) forget(client, known);
    },
  };
}

function keyOf({ tokenEndpoint, clientId, clientSecret, scope }: Client): string {
  return JSON.stringify([tokenEndpoint, clientId, clientSecret, scope]);
}

type ReadAnswer = { token: string; seconds: number } | { problem: string };

/** Whether a token has a `jti` does not matter: a management API takes it many times. */
async function request(client: Client, call: TokenCall): Promise<ReadAnswer> {
  try {
    // Several callers wait for it: none of them may abort it, and its timeout ends it.
    const unaborted = new AbortController().signal;
    const options = { ...call, now: () => new Date() };
    const { token, seconds = defaultSeconds } = await requestToken(
      clientCredentials(client),
      options,
      unaborted,
    );
    return { token, seconds };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
