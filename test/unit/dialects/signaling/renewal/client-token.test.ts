import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { createClientVerifier } from '../../../../../src/dialects/signaling/renewal/client-token.ts';
import { memoryLog } from '../../../../support/memory-log.ts';
import { newAgent, sendJson, startLoopback } from '../loopback-server.ts';
import { newSigner } from '../signer.ts';

const audience = 'did:web:provider.example.org';
const now = new Date('2026-11-01T12:00:00Z');

/** A client whose document a loopback server has. */
async function startClient(t: TestContext) {
  const state: { answer?: (res: ServerResponse) => unknown; document: object } = { document: {} };
  const server = await startLoopback(t, (res) =>
    (state.answer ?? ((one) => sendJson(one, state.document)))(res),
  );
  const did = `did:web:${encodeURIComponent(new URL(server.url).host)}`;
  const signer = await newSigner(`${did}#key-1`);
  state.document = { id: did, verificationMethod: [{ id: `${did}#key-1`, publicKeyJwk: signer.jwk }] };
  const verify = createClientVerifier({
    dispatcher: newAgent(t),
    log: memoryLog().log,
    stopping: t.signal,
    timeoutMillis: 30_000,
    now: () => now,
  });
  const iat = now.getTime() / 1000;
  const claims = { iss: did, sub: did, aud: audience, token: 'access', iat, exp: iat + 60 };
  async function check(wrong: object = {}, by = signer): Promise<void> {
    const token = await by.sign({ ...claims, ...wrong });
    await verify(
      token,
      { did, audience, scheme: 'http', wasAccessToken: (one) => one === 'access' },
      t.signal,
    );
  }
  return { state, server, did, check, iat };
}

test('takes the token of a client, and fetches its document once', async (t) => {
  const { check, server } = await startClient(t);
  await check();
  await check({ aud: ['did:web:other', audience] });
  assert.deepEqual(
    server.requests.map(({ method, path }) => [method, path]),
    [['GET', '/.well-known/did.json']],
  );
});

test('refuses a wrong claim by its name, and fetches no document for it', async (t) => {
  const { check, server, iat } = await startClient(t);
  const wrong: [string, object][] = [
    ['iss', { iss: 'did:web:other.example.org' }],
    ['sub', { sub: 'did:web:other.example.org' }],
    ['aud', { aud: 'did:web:other.example.org' }],
    ['aud', { aud: undefined }],
    ['token', { token: 'other' }],
    ['token', { token: undefined }],
    ['exp', { exp: iat - 31 }],
    ['exp', { exp: undefined }],
    ['iat', { iat: iat + 31 }],
  ];
  for (const [claim, claims] of wrong)
    await assert.rejects(check(claims), {
      code: 'unauthorized',
      message: new RegExp(`^Authorization: ${claim}: `),
    });
  assert.deepEqual(server.requests, []);
});

test('refuses the signature of another key, and a jti that was used', async (t) => {
  const { check, did } = await startClient(t);
  await assert.rejects(check({}, await newSigner(`${did}#key-1`)), { code: 'unauthorized' });
  await assert.rejects(check({}, await newSigner(`${did}#key-2`)), { code: 'unauthorized' });
  await check({ jti: 'one' });
  await assert.rejects(check({ jti: 'one' }), { code: 'unauthorized', message: /jti/ });
  await check({ jti: 'two' });
});

const useless: { name: string; answer: (res: ServerResponse) => unknown }[] = [
  {
    name: 'a redirect, which is not followed',
    answer: (res) => res.writeHead(302, { location: '/elsewhere' }).end(),
  },
  {
    name: 'a document of another DID',
    answer: (res) => sendJson(res, { id: 'did:web:other', verificationMethod: [] }),
  },
  { name: 'a document without an end', answer: (res) => res.end(`{"a":"${'a'.repeat(400_000)}"}`) },
];
for (const { name, answer } of useless) {
  test(`says that the document cannot be loaded: ${name}`, async (t) => {
    const { state, server, check } = await startClient(t);
    state.answer = answer;
    await assert.rejects(check(), {
      code: 'unavailable',
      message: 'the document of the DID cannot be loaded',
    });
    assert.equal(server.requests.length, 1);
  });
}
