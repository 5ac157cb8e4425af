import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTokenVerifier } from '../../../../../src/dialects/signaling/authorization/verify-token.ts';
import { problemOf } from '../../../../../src/http/problem.ts';
import { createLogger } from '../../../../../src/log.ts';
import { newAgent, sendJson, startLoopback, stoppedClocks } from '../loopback-server.ts';
import { newSigner, type Claims } from '../signer.ts';

const rules = {
  dataplaneId: 'jobs',
  audience: 'checked',
  clockSkewSeconds: 30,
  keyless: 'refuse',
  replays: 'accept',
  scope: 'signaling:dataflow',
} as const;

const issuer = 'https://idp.example.org';
const cases: { name: string; claims: Claims; refusal?: RegExp }[] = [
  { name: 'names it as client, as EDC does', claims: { client_id: 'cp-1', sub: 'urn:principal:7' } },
  { name: 'names it as subject', claims: { sub: 'cp-1' } },
  { name: 'has more scopes', claims: { client_id: 'cp-1', scope: 'openid signaling:dataflow' } },
  { name: 'has an actor, which does not decide', claims: { client_id: 'cp-1', act: { sub: 'cp-2' } } },
  { name: 'names nobody', claims: { sub: 'urn:principal:7' }, refusal: /sub:/ },
  {
    name: 'has another issuer',
    claims: { client_id: 'cp-1', iss: `${issuer}/` },
    refusal: /iss:.*of the registration/,
  },
  {
    name: 'has no scope',
    claims: { client_id: 'cp-1', scope: undefined },
    refusal: /scope: expected at least one/,
  },
  { name: 'has an empty scope', claims: { client_id: 'cp-1', scope: ' ' }, refusal: /scope:/ },
  {
    name: 'has a list of scopes',
    claims: { client_id: 'cp-1', scope: ['signaling:dataflow'] },
    refusal: /scope:/,
  },
  {
    name: 'has another scope',
    claims: { client_id: 'cp-1', scope: 'signaling' },
    refusal: /signaling:dataflow/,
  },
  { name: 'is for another data plane', claims: { client_id: 'cp-1', aud: 'other' }, refusal: /aud:/ },
];
for (const { name, claims, refusal } of cases) {
  test(`a token by token exchange is ${refusal ? 'refused' : 'taken'} that ${name}`, async (t) => {
    const signer = await newSigner('a');
    const keys = await startLoopback(t, (res) => {
      sendJson(res, { keys: [signer.jwk] });
    });
    const { wall } = stoppedClocks();
    const verifier = createTokenVerifier({
      dispatcher: newAgent(t),
      log: createLogger('silent'),
      stopping: t.signal,
      timeoutMillis: 30_000,
      now: () => new Date(wall),
    });
    const authorization = {
      type: 'oauth2_token_exchange',
      tokenExchangeEndpoint: `${issuer}/exchange`,
      issuer,
      jwksUri: keys.url,
    } as const;
    const now = wall / 1000;
    const token = await signer.sign({
      ...{ iss: issuer, aud: 'jobs', iat: now, exp: now + 60, scope: 'signaling:dataflow' },
      ...claims,
    });
    const known = [{ id: 'cp-1', endpoint: 'http://cp.test', authorization }];
    const identified = verifier.identify({ header: `Bearer ${token}`, known, rules }, t.signal);
    if (refusal === undefined) assert.equal((await identified).id, 'cp-1');
    else
      await assert.rejects(identified, (error) => {
        const { status, detail } = problemOf(error);
        return status === 401 && refusal.test(detail);
      });
  });
}
