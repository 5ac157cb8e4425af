import { compactVerify, createLocalJWKSet, errors, type CompactVerifyGetKey, type JSONWebKeySet } from 'jose';
import { BoundedMap } from './bounded-map.ts';
import { createKeySet, type KeySet, type KeySetOptions } from './key-set.ts';
import type { Authorization } from './schemas.ts';
import { unauthorized } from './unauthorized.ts';

/** Throws `unauthorized` unless one of the registration's keys has signed the token, and `unavailable` if they cannot be loaded. */
export type VerifySignature = (
  token: string,
  authorization: Authorization,
  signal: AbortSignal,
) => Promise<void>;

/** More than a service has control planes. */
const keySetLimit = 1000;

export function createSignatureVerifier(options: KeySetOptions): VerifySignature {
  const remote = new BoundedMap<KeySet>(keySetLimit);
  return async function verifySignature(token, authorization, signal) {
    const { jwksUri } = authorization;
    try {
      if (jwksUri === undefined) await verifyBy(token, inlineKeys(authorization));
      else {
        const set = remote.getOrCreate(jwksUri, () => createKeySet(jwksUri, options));
        await set.use((keys) => verifyBy(token, keys), signal);
      }
    } catch (error) {
      if (error instanceof errors.JOSEError)
        throw unauthorized('signature', 'one by a key of the registration', error);
      throw error;
    }
  };
}

function inlineKeys(authorization: Authorization): CompactVerifyGetKey {
  const { jwks = { keys: [] } } = authorization as { jwks?: object };
  // jose checks the shape.
  return createLocalJWKSet(jwks as JSONWebKeySet);
}

/** Asymmetric ones alone: a public key must not be usable as the secret of an HMAC. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Throws an error of jose. */
export async function verifyBy(token: string, keys: CompactVerifyGetKey): Promise<void> {
  try {
    await compactVerify(token, keys, { algorithms });
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) await verifyByAny(token, error);
    else if (error instanceof errors.JWSSignatureVerificationFailed) throw noKey();
    else if (error instanceof errors.JOSEError) throw error;
    // The platform's own error for a key that it cannot import.
    else throw new errors.JWKSInvalid('a key cannot be used', { cause: error });
  }
}

/** A token that names no key may be signed by any of the keys of its algorithm. */
async function verifyByAny(token: string, candidates: errors.JWKSMultipleMatchingKeys): Promise<void> {
  for await (const key of candidates) {
    try {
      await compactVerify(token, key, { algorithms });
      return;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw noKey();
}

/** After this error a set is loaded again: the key may have been added to it, also under the id of an earlier one. */
function noKey(): Error {
  return new errors.JWKSNoMatchingKey();
}
