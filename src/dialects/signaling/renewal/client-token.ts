import { decodeJwt, errors, type JWTPayload } from 'jose';
import { ServiceError } from '../../../errors.ts';
import { BoundedMap } from '../authorization/bounded-map.ts';
import { checkTimes } from '../authorization/check-claims.ts';
import { createKeySet, type KeySet, type KeySetOptions } from '../authorization/key-set.ts';
import { createReplayMemory } from '../authorization/replay-memory.ts';
import { unauthorized } from '../authorization/unauthorized.ts';
import { verifyBy } from '../authorization/verify-signature.ts';
import { didWebUrl, keysOfDocument } from './did-web.ts';

/** Who may renew one token. */
export interface ExpectedClient {
  /** The only DID whose document is fetched: the control plane named it. */
  did: string;
  /** What the client calls this side. */
  audience: string;
  scheme: 'https' | 'http';
  wasAccessToken: (token: string) => boolean;
}

/** Throws `unauthorized` that says what was expected of which claim, and `unavailable` if the client's keys cannot be loaded. */
export type VerifyClient = (token: string, expected: ExpectedClient, signal: AbortSignal) => Promise<void>;

/** The clocks of both sides may differ by this. */
const clockSkewSeconds = 30;
/** More than a service has consumers at a time. */
const keySetLimit = 1000;

/** Checks the proof of possession of a renewal (`profiles/token-renewal.md`, Provider Request Validation). */
export function createClientVerifier(options: KeySetOptions & { now: () => Date }): VerifyClient {
  const keySets = new BoundedMap<KeySet>(keySetLimit);
  const used = createReplayMemory();
  function keysOf({ did, scheme }: ExpectedClient): KeySet {
    const url = didWebUrl(did, scheme);
    if (url === undefined) throw unauthorized('iss', 'a DID of the method web');
    const document = { ...options, read: (text: string) => keysOfDocument(did, text) };
    return keySets.getOrCreate(`${did} ${url}`, () => createKeySet(url, document));
  }
  function checkFirstUse({ iss, jti, exp = 0 }: JWTPayload, now: number): void {
    if (jti === undefined || used.isFirst(JSON.stringify([iss, jti]), exp + clockSkewSeconds, now)) return;
    throw unauthorized('jti', 'that of a token that was not used before');
  }
  return async function verifyClient(token, expected, signal) {
    const now = options.now().getTime() / 1000;
    const claims = readClaims(token);
    // Cheap checks first: a document is fetched only for a token that is right but for its signature.
    checkClient(claims, expected);
    checkTimes(claims, clockSkewSeconds, now);
    await checkSignature(keysOf(expected), token, signal);
    checkFirstUse(claims, now);
  };
}

function checkClient(claims: JWTPayload, { did, audience, wasAccessToken }: ExpectedClient): void {
  const { iss, sub, aud, token } = claims;
  if (iss !== did) throw unauthorized('iss', 'the DID of the consumer of this transfer');
  if (sub !== did) throw unauthorized('sub', 'the same as iss');
  if (![aud].flat().includes(audience)) throw unauthorized('aud', 'the id of the provider of this transfer');
  if (typeof token !== 'string' || !wasAccessToken(token))
    throw unauthorized('token', 'an access token of this transfer');
}

function readClaims(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch (error) {
    throw unauthorized('the header', 'Bearer and a JSON Web Token', error);
  }
}

async function checkSignature(keys: KeySet, token: string, signal: AbortSignal): Promise<void> {
  try {
    await keys.use((known) => verifyBy(token, known), signal);
  } catch (error) {
    if (error instanceof errors.JOSEError)
      throw unauthorized('signature', 'one by a key of the document of the DID', error);
    if (error instanceof ServiceError && error.code === 'unavailable')
      throw new ServiceError('unavailable', 'the document of the DID cannot be loaded', { cause: error });
    throw error;
  }
}
