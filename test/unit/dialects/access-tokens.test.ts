import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Agent } from 'undici';
import { createAccessTokens } from '../../../src/dialects/access-tokens.ts';
import type { Client } from '../../../src/dialects/request-token.ts';
import { numberedTokens, startTokenServer, type TokenAnswer } from '../../support/token-server.ts';

const clientSecret = 'secret-of-the-client';

async function start(t: TestContext, answer: (index: number) => TokenAnswer) {
  const server = await startTokenServer(answer);
  const dispatcher = new Agent();
  t.after(async () => {
    await dispatcher.destroy();
    await server[Symbol.asyncDispose]();
  });
  const clock = { now: 0 };
  const tokens = createAccessTokens(() => clock.now);
  const client = { tokenEndpoint: server.url, clientId: 'jobs', clientSecret };
  function get(one: Client = client, signal = t.signal) {
    return tokens.get(one, { timeoutMillis: 30_000, dispatcher }, signal);
  }
  return { forms: server.forms, clock, tokens, client, get };
}

test('requests a token by client credentials, as a form', async (t) => {
  const { forms, client, get } = await start(t, numberedTokens(300));
  assert.deepEqual(await get({ ...client, scope: 'a b' }), { token: 'token-1' });
  assert.deepEqual(forms, [
    {
      type: 'application/x-www-form-urlencoded',
      grant_type: 'client_credentials',
      client_id: 'jobs',
      client_secret: clientSecret,
      scope: 'a b',
    },
  ]);
});

test('uses a token for many calls, until shortly before it expires', async (t) => {
  const { clock, get } = await start(t, numberedTokens(300));
  assert.deepEqual(await get(), { token: 'token-1' });
  clock.now = 269_000;
  assert.deepEqual(await get(), { token: 'token-1' });
  clock.now = 270_000;
  assert.deepEqual(await get(), { token: 'token-2' });
});

test('a token that lives for some seconds is used nevertheless', async (t) => {
  const { clock, get } = await start(t, numberedTokens(5));
  assert.deepEqual(await get(), { token: 'token-1' });
  clock.now = 3999;
  assert.deepEqual(await get(), { token: 'token-1' });
  clock.now = 4000;
  assert.deepEqual(await get(), { token: 'token-2' });
});

test('a server that does not say how long a token lives is asked again after minutes', async (t) => {
  const { clock, get } = await start(t, (index) => ({ body: { access_token: `token-${index + 1}` } }));
  assert.deepEqual(await get(), { token: 'token-1' });
  clock.now = 300_000;
  assert.deepEqual(await get(), { token: 'token-2' });
});

test('a token with a jti serves many calls, too', async (t) => {
  const claims = Buffer.from(JSON.stringify({ jti: 'one' })).toString('base64url');
  const { forms, get } = await start(t, () => ({
    body: { access_token: `e30.${claims}.x`, expires_in: 300 },
  }));
  await Promise.all([get(), get()]);
  await get();
  assert.equal(forms.length, 1);
});

test('calls at the same time share one request', async (t) => {
  const { forms, get } = await start(t, numberedTokens(300));
  const got = await Promise.all(Array.from({ length: 10 }, () => get()));
  assert.deepEqual(new Set(got.map((one) => JSON.stringify(one))), new Set(['{"token":"token-1"}']));
  assert.equal(forms.length, 1);
});

test('each client has its own token', async (t) => {
  const { forms, client, get } = await start(t, numberedTokens(300));
  await get();
  await get({ ...client, clientId: 'other' });
  await get({ ...client, scope: 'a' });
  await get({ ...client, clientSecret: 'another-secret' });
  assert.equal(forms.length, 4);
});

test('a dropped token is replaced once, however many calls it was refused to', async (t) => {
  const { forms, tokens, client, get } = await start(t, numberedTokens(300));
  await get();
  tokens.drop(client, 'token-1');
  assert.deepEqual(await get(), { token: 'token-2' });
  tokens.drop(client, 'token-1');
  assert.deepEqual(await get(), { token: 'token-2' });
  assert.equal(forms.length, 2);
});

test('one caller that gives up does not end the request of the others', async (t) => {
  const { get, client } = await start(t, numberedTokens(300));
  const stop = new AbortController();
  const first = get(client, stop.signal);
  const second = get();
  stop.abort(new Error('given up'));
  await assert.rejects(first, /given up/);
  assert.deepEqual(await second, { token: 'token-1' });
});

const refusals = [
  {
    name: 'an error of OAuth2, by its code alone',
    answer: { status: 401, body: { error: 'invalid_client', error_description: `not ${clientSecret}` } },
    problem: 'answered 401: invalid_client',
  },
  { name: 'a page', answer: { status: 503, body: '<html>' }, problem: 'answered 503' },
  { name: 'an answer without a token', answer: { body: {} }, problem: 'answered 200 without a bearer token' },
  {
    name: 'a token of another type',
    answer: { body: { access_token: 'x', token_type: 'mac' } },
    problem: 'answered 200 without a bearer token',
  },
  {
    name: 'a token that no header can carry',
    answer: { body: { access_token: 'x\r\ny' } },
    problem: 'answered 200 without a bearer token',
  },
];
for (const { name, answer, problem } of refusals) {
  test(`is a problem, and a call a second later asks again: ${name}`, async (t) => {
    const { clock, forms, client, get } = await start(t, () => answer);
    const expected = { problem: `the token endpoint ${new URL(client.tokenEndpoint).origin} ${problem}` };
    assert.deepEqual(await get(), expected);
    clock.now = 999;
    assert.deepEqual(await get(), expected);
    assert.equal(forms.length, 1);
    clock.now = 1000;
    assert.deepEqual(await get(), expected);
    assert.equal(forms.length, 2);
  });
}

test('is a problem: nothing listens', async (t) => {
  const { client, get } = await start(t, numberedTokens(300));
  const got = await get({ ...client, tokenEndpoint: 'http://127.0.0.1:9/token' });
  assert.match('problem' in got ? got.problem : '', /^the token endpoint \S+ did not answer: .*ECONNREFUSED/);
});
