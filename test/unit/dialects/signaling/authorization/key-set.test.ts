import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { compactVerify, type JWK } from 'jose';
import { isServiceError } from '../../../../../src/errors.ts';
import {
  createKeySet,
  type KeySetOptions,
} from '../../../../../src/dialects/signaling/authorization/key-set.ts';
import { createSignatureVerifier } from '../../../../../src/dialects/signaling/authorization/verify-signature.ts';
import { memoryLog } from '../../../../support/memory-log.ts';
import { newAgent, sendJson, startLoopback, stoppedClocks } from '../loopback-server.ts';
import { newSigner, type Signer } from '../signer.ts';

/** A server of keys, which answers when the test lets it, and the verification of tokens by them. */
async function startKeys(t: TestContext, keys: readonly JWK[], options: Partial<KeySetOptions> = {}) {
  const state = { keys, answer: (res: ServerResponse): unknown => sendJson(res, { keys: state.keys }) };
  const server = await startLoopback(t, (res) => state.answer(res));
  const clocks = stoppedClocks();
  const memory = memoryLog();
  const verify = createSignatureVerifier({
    dispatcher: newAgent(t),
    log: memory.log,
    stopping: t.signal,
    timeoutMillis: 30_000,
    monotonic: () => clocks.monotonic,
    ...options,
  });
  const authorization = {
    type: 'oauth2_token_exchange',
    tokenExchangeEndpoint: 'http://idp.test/exchange',
    issuer: 'http://idp.test',
    jwksUri: `${server.url}/tenant-secret/keys`,
  } as const;
  async function verified(signer: Signer, signal?: AbortSignal): Promise<boolean> {
    return await isVerified(await signer.sign({ iss: 'x' }), signal);
  }
  async function isVerified(token: string, signal: AbortSignal = t.signal): Promise<boolean> {
    try {
      await verify(token, authorization, signal);
      return true;
    } catch (error) {
      if (isServiceError(error, 'unauthorized')) return false;
      throw error;
    }
  }
  return { server, state, clocks, memory, verified, isVerified };
}

function isUnavailable(error: unknown): boolean {
  return isServiceError(error, 'unavailable');
}

test('keys are requested once, by many callers at the same time and afterwards', async (t) => {
  const signer = await newSigner('a');
  const { server, verified } = await startKeys(t, [signer.jwk]);
  const results = await Promise.all(Array.from({ length: 100 }, () => verified(signer)));
  assert.ok(results.every(Boolean));
  assert.ok(await verified(signer));
  assert.equal(server.requests.length, 1);
});

test('a rotated key set is requested once by a hundred requests with the new key, and the old key is refused', async (t) => {
  const [before, after] = [await newSigner('a'), await newSigner('b')];
  const { server, state, clocks, verified } = await startKeys(t, [before.jwk]);
  assert.ok(await verified(before));
  state.keys = [after.jwk];
  clocks.pass(10_000);
  const results = await Promise.all(Array.from({ length: 100 }, () => verified(after)));
  assert.ok(results.every(Boolean));
  assert.equal(server.requests.length, 2);
  assert.equal(await verified(before), false);
});

test('unknown keys cause one request an interval', async (t) => {
  const [known, unknown] = [await newSigner('a'), await newSigner('b')];
  const { server, clocks, verified } = await startKeys(t, [known.jwk]);
  assert.ok(await verified(known));
  for (let second = 0; second < 60; second += 1) {
    assert.equal(await verified(unknown), false);
    assert.ok(await verified(known));
    clocks.pass(1000);
  }
  assert.equal(server.requests.length, 6);
});

test('a key that was removed is refused once its set is requested again', async (t) => {
  const [kept, removed] = [await newSigner('a'), await newSigner('b')];
  const { state, clocks, verified } = await startKeys(t, [kept.jwk, removed.jwk]);
  assert.ok(await verified(removed));
  state.keys = [kept.jwk];
  clocks.pass(299_999);
  assert.ok(await verified(removed));
  clocks.pass(1);
  assert.equal(await verified(removed), false);
  assert.ok(await verified(kept));
});

test('a token without a kid is verified by any key of its algorithm, also after a rotation', async (t) => {
  const signers = [await newSigner(), await newSigner(), await newSigner(undefined, 'RS256')];
  const later = await newSigner();
  const { server, state, clocks, verified } = await startKeys(
    t,
    signers.map(({ jwk }) => jwk),
  );
  for (const signer of signers) assert.ok(await verified(signer));
  assert.equal(await verified(later), false);
  clocks.pass(10_000);
  state.keys = [later.jwk];
  assert.ok(await verified(later));
  assert.equal(server.requests.length, 2);
});

test('a key that has taken the kid of an earlier one is found', async (t) => {
  const [before, after] = [await newSigner('a'), await newSigner('a')];
  const { server, state, clocks, verified } = await startKeys(t, [before.jwk]);
  assert.ok(await verified(before));
  state.keys = [after.jwk];
  clocks.pass(10_000);
  assert.ok(await verified(after));
  assert.equal(await verified(before), false);
  assert.equal(server.requests.length, 2);
});

test('while no keys can be loaded, callers share one request an interval', async (t) => {
  const signer = await newSigner('a');
  const { server, state, clocks, memory, verified } = await startKeys(t, [signer.jwk]);
  state.answer = (res) => res.writeHead(503).end();
  for (let round = 1; round <= 3; round += 1) {
    const calls = Array.from({ length: 50 }, () => assert.rejects(verified(signer), isUnavailable));
    await Promise.all(calls);
    await assert.rejects(verified(signer), isUnavailable);
    assert.equal(server.requests.length, round);
    clocks.pass(10_000);
  }
  const problems = memory.entries('key set not loaded');
  assert.deepEqual(
    problems.map(({ endpoint, problem }) => ({ endpoint, problem })),
    Array(3).fill({ endpoint: server.url, problem: 'answered 503' }),
  );
  assert.ok(!memory.lines.join('').includes('tenant-secret'));
  state.answer = (res) => {
    sendJson(res, { keys: state.keys });
  };
  assert.ok(await verified(signer));
});

test('loaded keys are used for an hour while no newer ones can be loaded', async (t) => {
  const signer = await newSigner('a');
  const { server, clocks, verified } = await startKeys(t, [signer.jwk]);
  assert.ok(await verified(signer));
  await server.close();
  clocks.pass(3_599_999);
  assert.ok(await verified(signer));
  clocks.pass(1);
  await assert.rejects(verified(signer), isUnavailable);
});

const answers: { name: string; problem: RegExp; answer: (res: ServerResponse) => unknown }[] = [
  { name: 'no JSON', problem: /JSON/, answer: (res) => res.end('<html>') },
  { name: 'no key set', problem: /malformed/, answer: (res) => sendJson(res, { keys: 'none' }) },
  { name: 'null', problem: /malformed/, answer: (res) => sendJson(res, null) },
  {
    name: 'more keys than allowed',
    problem: /at most 100 keys/,
    answer: (res) => sendJson(res, { keys: Array(101).fill({ kty: 'EC' }) }),
  },
  {
    name: 'more than it should',
    problem: /JSON/,
    answer: (res) => sendJson(res, { keys: [{ kty: 'x'.repeat(300_000) }] }),
  },
  {
    name: 'a redirect',
    problem: /answered 302/,
    answer: (res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  },
  { name: 'nothing', problem: /no whole answer within 50 ms/, answer: () => undefined },
];
for (const { name, problem, answer } of answers) {
  test(`a key set is not loaded from an answer that is ${name}`, async (t) => {
    const signer = await newSigner('a');
    const { state, memory, verified } = await startKeys(
      t,
      [],
      name === 'nothing' ? { timeoutMillis: 50 } : {},
    );
    state.answer = answer;
    await assert.rejects(verified(signer), isUnavailable);
    assert.match(String(memory.entries('key set not loaded')[0]?.['problem']), problem);
  });
}

test('a private or secret key in a set verifies nothing', async (t) => {
  const signer = await newSigner('a');
  const secret = { kty: 'oct', kid: 'a', alg: 'HS256', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' };
  const { verified } = await startKeys(t, [secret, { ...signer.jwk, d: signer.jwk.x ?? '' }]);
  assert.equal(await verified(signer), false);
});

test('a caller that leaves does not end the request that others wait for', async (t) => {
  const signer = await newSigner('a');
  const { server, state, clocks, verified, isVerified } = await startKeys(t, [signer.jwk]);
  const token = await signer.sign({});
  const release = Promise.withResolvers<undefined>();
  state.answer = async (res) => {
    await release.promise;
    sendJson(res, { keys: state.keys });
  };
  const leaving = new AbortController();
  const left = verified(signer, leaving.signal);
  const waiting = verified(signer);
  await server.next();
  leaving.abort(new Error('the client has gone'));
  await assert.rejects(left, /the client has gone/);
  // A request may take longer than the interval between two.
  clocks.pass(10_000);
  const late = isVerified(token);
  release.resolve(undefined);
  assert.ok(await waiting);
  assert.ok(await late);
  assert.equal(server.requests.length, 1);
});

test('a stopping service ends a request that is under way, and logs no problem', async (t) => {
  const stop = new AbortController();
  const { log, lines } = memoryLog();
  const server = await startLoopback(t, () => undefined);
  const keys = createKeySet(server.url, {
    dispatcher: newAgent(t),
    log,
    stopping: stop.signal,
    timeoutMillis: 60_000,
  });
  const signer = await newSigner('a');
  const token = await signer.sign({});
  const used = keys.use((find) => compactVerify(token, find), t.signal);
  const rejected = assert.rejects(used, isUnavailable);
  await server.next();
  stop.abort(new Error('the service stops'));
  await rejected;
  assert.deepEqual(lines, []);
});
