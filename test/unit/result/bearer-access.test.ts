import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bearerAccess, tokenRenewal } from '../../../src/result/bearer-access.ts';
import { verifyBearerToken } from '../../../src/result/bearer-token.ts';

const since = 1_800_000_000;
const flow = 'signaling-flow';
const consumer = 'did:web:consumer.example.org';
const keys = [{ id: 'one', key: 'a secret of the results' }];
const results = { accessTokenSeconds: 300 };

function at(seconds: number): Date {
  return new Date((since + seconds) * 1000);
}

function access(seconds: number, until = 10_000) {
  const connector = { resultsUrl: 'https://results.example.org' };
  return bearerAccess({
    flow,
    consumer,
    connector,
    keys,
    results,
    now: at(seconds),
    since,
    until: since + until,
  });
}

function stateOf(token: string, seconds: number, of = flow) {
  return verifyBearerToken(token, { use: 'access', flow: of, keys, now: at(seconds) }).state;
}

test('a repeat within the life of a token has the same one, and a later one has another', () => {
  assert.deepEqual(access(299), access(0));
  assert.notEqual(access(300).renewal.accessToken, access(0).renewal.accessToken);
  assert.equal(access(5000).renewal.refreshToken, access(0).renewal.refreshToken);
});

test('an access token is valid for at least its life, and for its flow and use alone', () => {
  const { accessToken, refreshToken } = access(299).renewal;
  assert.deepEqual(
    [599, 600, 601].map((seconds) => stateOf(accessToken, seconds)),
    ['valid', 'valid', 'expired'],
  );
  assert.equal(stateOf(accessToken, 0, 'another-flow'), 'wrong');
  assert.equal(stateOf(refreshToken, 0), 'wrong');
  assert.equal(stateOf(`${accessToken.slice(0, -1)}${accessToken.endsWith('A') ? 'B' : 'A'}`, 0), 'wrong');
});

test('no token outlives the address', () => {
  const { lastingToken, renewal } = access(0, 100);
  assert.deepEqual(
    [renewal.expiresIn, stateOf(renewal.accessToken, 101), stateOf(lastingToken, 101)],
    [100, 'expired', 'expired'],
  );
  function read(seconds: number) {
    const token = renewal.refreshToken;
    return tokenRenewal({ keys, results, now: () => at(seconds) }).readRefreshToken({ flow, token });
  }
  assert.equal(read(60)?.renew().expiresIn, 40);
  assert.equal(read(101), undefined);
});

test('a refresh token belongs to one consumer, and each renewal makes another access token', () => {
  const { renewal } = access(0);
  const parts = tokenRenewal({ keys, results, now: () => at(0) });
  const grant = parts.readRefreshToken({ flow, token: renewal.refreshToken });
  assert.ok(grant?.belongsTo(consumer) === true && !grant.belongsTo('did:web:other.example.org'));
  const tokens = [renewal, grant.renew(), grant.renew()].map(({ accessToken }) => accessToken);
  assert.equal(new Set(tokens).size, 3);
  assert.ok(tokens.every((token) => stateOf(token, 300) === 'valid'));
  assert.equal(parts.readRefreshToken({ flow: 'another-flow', token: renewal.refreshToken }), undefined);
  assert.equal(parts.readRefreshToken({ flow, token: renewal.accessToken }), undefined);
  assert.ok(
    tokenRenewal({ keys, results, now: () => at(9999) }).wasAccessToken({ flow, token: renewal.accessToken }),
  );
});
