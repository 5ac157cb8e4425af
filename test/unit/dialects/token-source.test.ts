import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { isServiceError, messageOf } from '../../../src/errors.ts';
import { sendJson } from './signaling/loopback-server.ts';
import { newSigner } from './signaling/signer.ts';
import { secret, startTokens } from './start-tokens.ts';

test('a token is requested by client credentials, and serves until shortly before its end', async (t) => {
  const { server, clocks, source } = await startTokens(t);
  assert.equal(await source.obtain(t.signal), 'token-1');
  const [request] = server.requests;
  assert.equal(request?.method, 'POST');
  assert.equal(request.path, '/tenant/token');
  assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
    grant_type: 'client_credentials',
    client_id: 'jobs',
    client_secret: secret,
  });
  clocks.pass(3_569_999);
  assert.equal(await source.obtain(t.signal), 'token-1');
  clocks.pass(1);
  assert.equal(await source.obtain(t.signal), 'token-2');
});

test('simultaneous callers share one request', async (t) => {
  const { server, source } = await startTokens(t);
  const tokens = await Promise.all(Array.from({ length: 100 }, () => source.obtain(t.signal)));
  assert.deepEqual(new Set(tokens), new Set(['token-1']));
  assert.equal(server.requests.length, 1);
});

test('a refused token is not used again, and a late refusal does not drop its successor', async (t) => {
  const { server, source } = await startTokens(t);
  const first = await source.obtain(t.signal);
  source.drop(first);
  const second = await source.obtain(t.signal);
  assert.notEqual(second, first);
  source.drop(first);
  assert.equal(await source.obtain(t.signal), second);
  assert.equal(server.requests.length, 2);
});

test('each call gets a token of its own if tokens have a jti, also simultaneous ones', async (t) => {
  const signer = await newSigner('a');
  const { server, state, clocks, source } = await startTokens(t);
  const exp = clocks.wall / 1000 + 3600;
  let count = 0;
  state.answer = async (res) => {
    const token = await signer.sign({ jti: `id-${(count += 1)}`, exp });
    sendJson(res, { access_token: token, token_type: 'bearer', expires_in: 3600 });
  };
  const tokens = await Promise.all(Array.from({ length: 20 }, () => source.obtain(t.signal)));
  tokens.push(await source.obtain(t.signal), await source.obtain(t.signal));
  assert.equal(new Set(tokens).size, 22);
  assert.equal(server.requests.length, 22);
});

const lifetimes = [
  { name: 'expires_in alone', expiresIn: 90, seconds: 60 },
  { name: 'expires_in as text', expiresIn: '90', seconds: 60 },
  { name: 'exp alone', exp: 90, seconds: 60 },
  { name: 'exp before expires_in', expiresIn: 3600, exp: 90, seconds: 60 },
  { name: 'expires_in before exp: this clock is slow', expiresIn: 90, exp: 3600, seconds: 60 },
  { name: 'neither', seconds: 0 },
  { name: 'less than the difference of clocks', expiresIn: 30, seconds: 0 },
  { name: 'an exp that has passed: this clock is fast', expiresIn: 60, exp: -1, seconds: 0 },
  { name: 'nonsense', expiresIn: 'soon', seconds: 0 },
].map((one) => ({ expiresIn: undefined, exp: undefined, ...one }));
for (const { name, expiresIn, exp, seconds } of lifetimes) {
  test(`a token is kept for ${seconds} s: ${name}`, async (t) => {
    const signer = await newSigner('a');
    const { server, state, clocks, source } = await startTokens(t);
    const claims = exp === undefined ? {} : { exp: clocks.wall / 1000 + exp };
    const token = await signer.sign(claims);
    state.answer = (res) => {
      sendJson(res, { access_token: token, token_type: 'Bearer', expires_in: expiresIn });
    };
    await source.obtain(t.signal);
    if (seconds > 0) {
      clocks.pass(seconds * 1000 - 1);
      await source.obtain(t.signal);
      assert.equal(server.requests.length, 1);
      clocks.pass(1);
    }
    await source.obtain(t.signal);
    assert.equal(server.requests.length, 2);
  });
}

test('a token endpoint that is down gets one request for each back-off, however many callers come', async (t) => {
  const { server, state, answer, clocks, source } = await startTokens(t);
  state.answer = (res) => res.writeHead(503).end();
  // Twenty callers a second for five minutes.
  for (let second = 0; second < 300; second += 1) {
    const calls = Array.from({ length: 20 }, () =>
      assert.rejects(source.obtain(t.signal), (error) => isServiceError(error, 'unavailable')),
    );
    await Promise.all(calls);
    clocks.pass(1000);
  }
  // After 0, 1, 3, 7, 15, 31, 63 s, and then each minute.
  assert.equal(server.requests.length, 10);
  state.answer = answer;
  clocks.pass(60_000);
  assert.equal(await source.obtain(t.signal), 'token-1');
});

test('until the back-off is over, the problem stays word by word the same', async (t) => {
  const { server, state, clocks, source } = await startTokens(t);
  state.answer = (res) => res.writeHead(503).end();
  const problems = new Set<string>();
  for (let second = 0; second < 5; second += 1) {
    await source.obtain(t.signal).catch((error: unknown) => problems.add(messageOf(error)));
    clocks.pass(1000);
  }
  assert.deepEqual([problems.size, server.requests.length], [1, 3]);
});

test('after a success the back-off starts at its first pause', async (t) => {
  const { server, state, answer, clocks, source } = await startTokens(t);
  async function fail(): Promise<void> {
    state.answer = (res) => res.writeHead(500).end();
    await assert.rejects(source.obtain(t.signal));
    state.answer = answer;
  }
  for (let round = 0; round < 5; round += 1) {
    await fail();
    clocks.pass(1000);
    source.drop(await source.obtain(t.signal));
  }
  assert.equal(server.requests.length, 10);
});

test('requests that fail side by side count as one failure', async (t) => {
  const signer = await newSigner('a');
  const { server, state, answer, clocks, source } = await startTokens(t);
  const token = await signer.sign({ jti: 'one', exp: clocks.wall / 1000 + 3600 });
  state.answer = (res) =>
    server.requests.length === 1 ? sendJson(res, { access_token: token }) : res.writeHead(503).end();
  const calls = Array.from({ length: 20 }, () => source.obtain(t.signal));
  const results = await Promise.allSettled(calls);
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 19);
  state.answer = answer;
  clocks.pass(1000);
  assert.equal(await source.obtain(t.signal), 'token-1');
});

const problems: { name: string; shown: RegExp; answer: (res: ServerResponse) => unknown }[] = [
  {
    name: 'a refused client',
    shown: /answered 401: invalid_client$/,
    answer: (res) => sendJson(res, { error: 'invalid_client', error_description: `client ${secret}` }, 401),
  },
  {
    name: 'an error that shows the request',
    shown: /answered 400$/,
    answer: (res) => sendJson(res, { error: `no ${secret}` }, 400),
  },
  { name: 'a page', shown: /answered 200 without a bearer token$/, answer: (res) => res.end('<html>') },
  {
    name: 'a token with a line break',
    shown: /without a bearer token$/,
    answer: (res) => sendJson(res, { access_token: 'a\r\nx: y' }),
  },
  {
    name: 'a token of another type',
    shown: /without a bearer token$/,
    answer: (res) => sendJson(res, { access_token: 'abc', token_type: 'DPoP' }),
  },
  { name: 'a list', shown: /without a bearer token$/, answer: (res) => sendJson(res, []) },
  {
    name: 'a redirect',
    shown: /answered 307$/,
    answer: (res) => res.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
  },
  { name: 'an answer that ends early', shown: /did not answer: /, answer: (res) => res.destroy() },
  { name: 'no answer', shown: /did not answer: no whole answer within 50 ms$/, answer: () => undefined },
];
for (const { name, shown, answer } of problems) {
  test(`a problem names the origin of the endpoint, and shows no secret: ${name}`, async (t) => {
    const { server, state, source } = await startTokens(t, name === 'no answer' ? { timeoutMillis: 50 } : {});
    state.answer = answer;
    await assert.rejects(source.obtain(t.signal), (error) => {
      const message = messageOf(error);
      assert.ok(message.startsWith(`the token endpoint ${server.url} `), message);
      assert.match(message, shown);
      assert.ok(!message.includes(secret));
      assert.ok(!message.includes('tenant'));
      return true;
    });
  });
}

test('a caller that leaves does not end the request that others wait for', async (t) => {
  const { server, state, answer, source } = await startTokens(t);
  const release = Promise.withResolvers<undefined>();
  state.answer = async (res) => {
    await release.promise;
    answer(res);
  };
  const leaving = new AbortController();
  const left = source.obtain(leaving.signal);
  const waiting = source.obtain(t.signal);
  await server.next();
  leaving.abort(new Error('the delivery has ended'));
  await assert.rejects(left, /the delivery has ended/);
  release.resolve(undefined);
  assert.equal(await waiting, 'token-1');
  assert.equal(server.requests.length, 1);
});

test('a stopping service ends a request that is under way', async (t) => {
  const stop = new AbortController();
  const { server, state, source } = await startTokens(t, { stopping: stop.signal });
  state.answer = () => undefined;
  const rejected = assert.rejects(source.obtain(t.signal), /the service stops/);
  await server.next();
  stop.abort(new Error('the service stops'));
  await rejected;
});
