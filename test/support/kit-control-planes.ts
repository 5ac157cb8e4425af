import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { sendJson, startLoopback } from '../unit/dialects/signaling/loopback-server.ts';
import { newSigner, type Claims } from '../unit/dialects/signaling/signer.ts';

const dataplaneId = 'kit-plane';

/** The control plane that the conformance tests play, with keys of its own, and another one that registers itself. */
export async function startKitControlPlanes(t: TestContext, endpoint: string) {
  const [first, other] = [await newSigner('first'), await newSigner('other')];
  const { url } = await startLoopback(t, (res, { path }) =>
    sendJson(res, path === '/jwks' ? { keys: [first.jwk] } : { access_token: 'access', expires_in: 300 }),
  );
  const client = {
    type: 'oauth2_client_credentials',
    tokenEndpoint: `${url}/token`,
    clientId: dataplaneId,
  };
  const authorization = { ...client, jwksUri: `${url}/jwks` };
  const now = Math.floor(Date.now() / 1000);
  async function bearer(signer: typeof first, claims: Claims = {}): Promise<string> {
    const usual = { iss: 'edc', sub: 'first', aud: dataplaneId, iat: now, exp: now + 3600 };
    return `Bearer ${await signer.sign({ ...usual, ...claims })}`;
  }
  return {
    /** Members of the connector's settings. */
    members: { dataplaneId, controlPlane: { id: 'first', endpoint, authorization } },
    env: { CONNECTOR_KIT_CONTROL_PLANE_CLIENT_SECRET: 'secret-of-the-client' },
    authorization: await bearer(first),
    settings: {
      X_AUTHORIZATION_EXPIRED: await bearer(first, { iat: now - 7200, exp: now - 3600 }),
      X_AUTHORIZATION_WRONG_AUDIENCE: await bearer(first, { aud: 'another' }),
      X_AUTHORIZATION_OTHER: await bearer(other, { sub: 'other' }),
    },
    async registerOther(connector: string): Promise<void> {
      const keys = { clientSecret: 'secret-of-the-other', jwks: { keys: [other.jwk] } };
      const response = await fetch(`${connector}/controlplanes`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ controlplaneId: 'other', endpoint, authorization: { ...client, ...keys } }),
      });
      assert.equal(response.status, 200, await response.text());
    },
  };
}
