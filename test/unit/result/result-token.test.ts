import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signResultToken, verifyResultToken } from '../../../src/result/result-token.ts';
import { attempt, flow } from './stored-results.ts';

const old = { id: '2025', key: 'a key of the year before' };
const current = { id: '2026.a', key: 'the key that signs' };
const notAfter = 1_800_000_000;
const now = new Date(notAfter * 1000);
const grant = { flow, attempt, notAfter };

function verify(token: string, changed: Partial<Parameters<typeof verifyResultToken>[1]> = {}) {
  return verifyResultToken(token, { flow, keys: [current, old], now, ...changed });
}

test('a token is one path segment and the same on every repeat', () => {
  const token = signResultToken({ ...grant, media: { path: 'a b/ü', type: 'text/x; charset="ü"' } }, [
    current,
    old,
  ]);
  assert.match(token, /^[A-Za-z0-9._~-]+$/);
  assert.equal(
    token,
    signResultToken({ ...grant, media: { path: 'a b/ü', type: 'text/x; charset="ü"' } }, [current]),
  );
});

test('a token is valid until its last second is over, then expired', () => {
  const token = signResultToken(grant, [current]);
  const valid = verify(token);
  assert.equal(valid.state === 'valid' && valid.attempt, attempt);
  assert.deepEqual(verify(token, { now: new Date(now.getTime() + 1) }), { state: 'expired', attempt });
});

test('a token of the old key is valid while that key is kept, and wrong afterwards', () => {
  const token = signResultToken(grant, [old]);
  assert.equal(verify(token).state, 'valid');
  assert.equal(verify(token, { keys: [current] }).state, 'wrong');
});

test('a token is wrong for another flow, for another key of the same id, and without keys', () => {
  const token = signResultToken(grant, [current]);
  assert.equal(verify(token, { flow: 'flow-other' }).state, 'wrong');
  assert.equal(verify(token, { keys: [{ id: current.id, key: 'another' }] }).state, 'wrong');
  assert.equal(verify(token, { keys: [] }).state, 'wrong');
});

test('no character of a token can be changed, added or taken away', () => {
  const token = signResultToken({ ...grant, media: { path: 'a', type: 'text/csv' } }, [current]);
  for (let at = 0; at < token.length; at += 1) {
    for (const sign of ['A', 'b', '~', '']) {
      const other = token.slice(0, at) + sign + token.slice(at + 1);
      if (other !== token) assert.equal(verify(other).state, 'wrong', `at ${at} with ${sign}`);
    }
  }
  assert.equal(verify(`${token}A`).state, 'wrong');
  assert.equal(verify('').state, 'wrong');
});

test('a media type holds for the path it was given with, and for no other', () => {
  const verdict = verify(
    signResultToken({ ...grant, media: { path: 'out/täglich', type: 'text/csv; header=present' } }, [
      current,
    ]),
  );
  assert.ok(verdict.state === 'valid');
  assert.equal(verdict.mediaTypeOf('out/täglich'), 'text/csv; header=present');
  assert.equal(verdict.mediaTypeOf('out/other'), undefined);
});

test('signing without a key, or with a key id that would not stay one segment, is an error of the configuration', () => {
  assert.throws(() => signResultToken(grant, []), { code: 'invalid-config' });
  assert.throws(() => signResultToken(grant, [{ id: 'a~b', key: 'k' }]), { code: 'invalid-config' });
});
