import { decodeJwt, type JWTPayload } from 'jose';
import type { Dispatcher } from 'undici';
import { ServiceError } from '../errors.ts';
import { deliverMessage, type Answer } from './deliver-message.ts';

/** A request for a token. */
export interface Grant {
  endpoint: string;
  /** Built for each request, since its secrets may change. */
  form(): Promise<Record<string, string>>;
}

/** A client of an OAuth2 server. */
export interface Client {
  tokenEndpoint: string;
  clientId: string;
  clientSecret: string;
  scope?: string | undefined;
}

/** RFC 6749, section 4.4. */
export function clientCredentials({ tokenEndpoint, clientId, clientSecret, scope }: Client): Grant {
  const form = {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    ...(scope === undefined ? {} : { scope }),
  };
  return { endpoint: tokenEndpoint, form: () => Promise.resolve(form) };
}

export interface ObtainedToken {
  token: string;
  /** Its lifetime, if it is known. */
  seconds: number | undefined;
  /** It has a `jti`: EDC takes each of these once. */
  singleUse: boolean;
}

export interface RequestOptions {
  dispatcher: Dispatcher;
  timeoutMillis: number;
  now: () => Date;
}

/** A token with many claims is a few KiB long. */
const answerLimit = 64 * 1024;

/** Makes one request. Throws `unavailable` that names the endpoint's origin and shows nothing of request and answer but an error code. */
export async function requestToken(
  grant: Grant,
  { dispatcher, timeoutMillis, now }: RequestOptions,
  signal: AbortSignal,
): Promise<ObtainedToken> {
  const message = { url: grant.endpoint, headers: {}, form: await grant.form(), answerLimit };
  const answer = await deliverMessage({ ...message, dispatcher, timeoutMillis }, signal);
  const { access_token: token, token_type: type = 'Bearer', expires_in: seconds } = readMembers(answer);
  if (typeof token !== 'string' || !tokenForm.test(token) || !/^bearer$/i.test(String(type)))
    throw new ServiceError(
      'unavailable',
      `the token endpoint ${URL.parse(grant.endpoint)?.origin ?? ''} ${describe(answer)}`,
    );
  const claims = readClaims(token);
  return { token, seconds: lifetimeOf(claims, seconds, now()), singleUse: claims.jti !== undefined };
}

/** Printable ASCII: anything else could not be sent in a header. */
const tokenForm = /^[!-~]{1,16384}$/;

function readMembers(answer: Answer): Record<string, unknown> {
  if (answer.got === 'nothing' || answer.status !== 200) return {};
  return parse(answer.body);
}

/** Shows of the body only the error code of RFC 6749, section 5.2: the rest may repeat a secret. */
function describe(answer: Answer): string {
  if (answer.got === 'nothing') return `did not answer: ${answer.problem}`;
  if (answer.status === 200) return 'answered 200 without a bearer token';
  const { error } = parse(answer.body);
  const code = typeof error === 'string' && /^\w{1,64}$/.test(error) ? `: ${error}` : '';
  return `answered ${answer.status}${code}`;
}

function parse(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** A token may be opaque. */
function readClaims(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    return {};
  }
}

/** The shorter one: `expires_in` does not depend on this side's clock, and the receiver checks `exp`. Some servers send the number as text. */
function lifetimeOf({ exp }: JWTPayload, expiresIn: unknown, now: Date): number | undefined {
  const known = [
    ...(expiresIn === undefined ? [] : [Number(expiresIn)]),
    ...(exp === undefined ? [] : [exp - now.getTime() / 1000]),
  ].filter(Number.isFinite);
  return known.length === 0 ? undefined : Math.min(...known);
}
