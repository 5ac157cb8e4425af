import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';

const lifetimeSeconds = 600;
const keyName = 'key-1';

/** A client of the HTTP profile, which renews its token under a DID of its own. */
export interface ClientIdentity {
  did: string;
  document: object;
  /** A JWT that authenticates the client for one renewal of `accessToken`. */
  authenticate: (claims: { audience: string; accessToken: string; nowMillis: number }) => string;
}

/** `did:web` of an address without a path, with a new key. */
export function createClientIdentity(address: string): ClientIdentity {
  const did = didOf(address);
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = `${did}#${keyName}`;
  const method = {
    id: kid,
    type: 'JsonWebKey2020',
    controller: did,
    publicKeyJwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' },
  };
  return {
    did,
    document: {
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
      id: did,
      verificationMethod: [method],
      authentication: [kid],
      assertionMethod: [kid],
    },
    authenticate: ({ audience, accessToken, nowMillis }) => {
      const iat = Math.floor(nowMillis / 1000);
      const claims = {
        iss: did,
        sub: did,
        aud: audience,
        jti: randomUUID(),
        iat,
        exp: iat + lifetimeSeconds,
      };
      return signJwt({ alg: 'ES256', typ: 'JWT', kid }, { ...claims, token: accessToken }, privateKey);
    },
  };
}

export function didOf(address: string): string {
  return `did:web:${encodeURIComponent(new URL(address).host)}`;
}

function signJwt(header: object, claims: object, key: KeyObject): string {
  const content = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  // JWS has the two numbers of the signature side by side, not in DER.
  const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' });
  return `${content}.${signature.toString('base64url')}`;
}
