import { createPublicKey, randomUUID, verify, type JsonWebKey } from 'node:crypto';
import { httpPull } from '../src/protocol.ts';
import type { Rules } from './rules.ts';

/** What a provider hands out with an address of the HTTP profile. */
export interface Grant {
  accessToken: string;
  refreshToken: string;
  /** The provider's id, and the client that may renew. */
  audience: string;
  client: string;
}

interface Claims {
  iss: string;
  sub: string;
  aud: string;
  token: string;
  exp: number;
}

/** The renewal of the token renewal profile: a status, and a token if it is 200. */
export async function renewToken(
  { authorization, form }: { authorization: string; form: string },
  grants: readonly Grant[],
  { faults }: Rules,
): Promise<{ status: number; body?: object }> {
  const { verified, claims } = await readToken(authorization.replace(/^Bearer /, ''));
  const refreshToken = new URLSearchParams(form).get('refresh_token');
  const grant = grants.find(
    (one) =>
      one.accessToken === claims.token &&
      (one.refreshToken === refreshToken || faults.has('accepts any refresh token')),
  );
  if (grant === undefined || !verified) return { status: 400 };
  const { iss, sub, aud, exp } = claims;
  if (iss !== grant.client || sub !== iss || exp * 1000 < Date.now()) return { status: 401 };
  if (aud !== grant.audience && !faults.has('accepts any audience')) return { status: 401 };
  const token = faults.has('renews with the same token') ? grant.accessToken : randomUUID();
  return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: 300 } };
}

async function readToken(token: string): Promise<{ verified: boolean; claims: Claims }> {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { kid } = decode(header) as { kid: string };
  const claims = decode(payload) as Claims;
  const response = await fetch(`${addressOf(claims.iss)}/.well-known/did.json`);
  const { verificationMethod } = (await response.json()) as {
    verificationMethod: { id: string; publicKeyJwk: JsonWebKey }[];
  };
  const jwk = verificationMethod.find(({ id }) => id === kid)?.publicKeyJwk;
  if (jwk === undefined) return { verified: false, claims };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const content = Buffer.from(`${header}.${payload}`);
  const bytes = Buffer.from(signature, 'base64url');
  return { verified: verify('sha256', content, { key, dsaEncoding: 'ieee-p1363' }, bytes), claims };
}

/** The web server of a `did:web:localhost`, over plain HTTP. By its number, since a look-up takes as long as the machine wants. */
export function addressOf(did: string): string {
  return `http://${decodeURIComponent(did.replace(/^did:web:localhost/, '127.0.0.1'))}`;
}

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

/** This side's address, with all that its schema wants. */
export function buildAddress(
  origin: string,
  { profile, grant }: { profile: string; grant: Grant },
  { faults }: Rules,
): object {
  const { accessToken, refreshToken } = grant;
  const renewal = { refreshToken, expiresIn: '300', refreshEndpoint: `${origin}/token` };
  const renews = profile === httpPull && !faults.has('hands out an address without renewal');
  const properties = { authorization: accessToken, authType: 'bearer', ...(renews ? renewal : {}) };
  return {
    '@type': 'DataAddress',
    endpointType: profile === httpPull ? httpPull : 'https://w3id.org/idsa/v4.1/HTTP',
    endpoint: `${origin}/data`,
    endpointProperties: Object.entries(properties).map(([name, value]) => ({
      '@type': 'EndpointProperty',
      name,
      value,
    })),
  };
}
