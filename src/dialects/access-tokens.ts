import type { Dispatcher } from 'undici';
import { createRedactor } from '../redact-secrets.ts';
import { untilAborted } from '../until-aborted.ts';
import { deliverMessage, redactAnswer, type Answer } from './deliver-message.ts';

/** A client of an OAuth2 server, by client credentials (RFC 6749, section 4.4). */
export interface OauthClient {
  tokenEndpoint: string;
  clientId: string;
  clientSecret: string;
  scope?: string | undefined;
}

export type TokenAnswer = { token: string } | { problem: string };

/** Access tokens, by client: one request serves many calls, until the token expires or is refused. */
export interface AccessTokens {
  /** A problem is one sentence without a secret; it is kept for a second. Throws only when `signal` aborts. */
  get(client: OauthClient, call: TokenCall, signal: AbortSignal): Promise<TokenAnswer>;
  /** Call it after a 401: the next `get` requests another token, unless this one has been replaced already. */
  drop(client: OauthClient, token: string): void;
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
  function request(client: OauthClient, call: TokenCall): Held {
    // Several callers wait for it: none of them may abort it, and its timeout ends it.
    const answer = requestToken(client, call, new AbortController().signal);
    const one: Held = { answer, until: Infinity };
    held.set(keyOf(client), one);
    answer.then(
      (read) => {
        if ('problem' in read) one.until = now() + retryMillis;
        else Object.assign(one, { token: read.token, until: now() + usableMillis(read.seconds) });
      },
      () => {
        forget(client, one);
      },
    );
    return one;
  }
  function forget(client: OauthClient, one: Held): void {
    if (held.get(keyOf(client)) === one) held.delete(keyOf(client));
  }
  return {
    async get(client, call, signal) {
      signal.throwIfAborted();
      const known = held.get(keyOf(client));
      const { answer } = known !== undefined && known.until > now() ? known : request(client, call);
      const read = await untilAborted(answer, signal);
      return 'problem' in read ? read : { token: read.token };
    },
    drop(client, token) {
      const known = held.get(keyOf(client));
      if (known?.token === token) forget(client, known);
    },
  };
}

function keyOf({ tokenEndpoint, clientId, scope }: OauthClient): string {
  return JSON.stringify([tokenEndpoint, clientId, scope]);
}

type ReadAnswer = { token: string; seconds: number } | { problem: string };

async function requestToken(
  { tokenEndpoint, clientId, clientSecret, scope }: OauthClient,
  call: TokenCall,
  signal: AbortSignal,
): Promise<ReadAnswer> {
  const form = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    ...(scope === undefined ? {} : { scope }),
  };
  const message = { ...call, url: tokenEndpoint, headers: {}, form, answerLimit: 64 * 1024 };
  const read = readToken(await deliverMessage(message, signal));
  if (!('refused' in read)) return read;
  const { refused } = read;
  const shown = redactAnswer(refused, createRedactor([clientSecret]), message);
  return { problem: `the token endpoint ${tokenEndpoint} ${describe(shown)}` };
}

/** Visible ASCII: anything else could not be sent in a header. */
const tokenForm = /^[!-~]{1,16384}$/;

function readToken(answer: Answer): ReadAnswer | { refused: Answer } {
  const { access_token: token, token_type: type = 'Bearer', expires_in } = membersOf(answer);
  const isBearer = typeof token === 'string' && tokenForm.test(token) && /^bearer$/i.test(String(type));
  // Some servers send the number as text.
  const seconds = Number(expires_in);
  return isBearer ? { token, seconds: seconds > 0 ? seconds : defaultSeconds } : { refused: answer };
}

function membersOf(answer: Answer): Record<string, unknown> {
  return (answer.got === 'answer' && answer.status === 200 ? parse(answer.body) : undefined) ?? {};
}

/** Shows of the body only the error code of RFC 6749, section 5.2: the rest may be a token. */
function describe(answer: Answer): string {
  if (answer.got === 'nothing') return `did not answer: ${answer.problem}`;
  if (answer.status === 200) return 'answered 200 without a bearer token';
  const { error } = parse(answer.body) ?? {};
  const code = typeof error === 'string' && /^[!-~]{1,100}$/.test(error) ? ` (${error})` : '';
  return `answered ${answer.status}${code}`;
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
