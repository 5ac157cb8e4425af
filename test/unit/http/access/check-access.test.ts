import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { apiScopes, type ApiConfig } from '../../../../src/config/settings/api.ts';
import { isServiceError } from '../../../../src/errors.ts';
import { createAccessCheck } from '../../../../src/http/access/check-access.ts';

const ann = 'key-of-ann-with-more-than-32-characters';
const next = 'next-key-of-ann-with-more-than-32-characters';
const root = 'key-of-root-with-more-than-32-characters';
const api: ApiConfig = {
  keys: [
    { ...keyOf('ann', ann), scopes: ['read', 'results'], templates: ['echo'] },
    keyOf('ann', next),
    { ...keyOf('root', root), scopes: ['admin'] },
  ],
  cors: { origins: ['https://pages.example.org'] },
};
const noKeys: ApiConfig = { ...api, keys: [] };

function keyOf(name: string, key: string): ApiConfig['keys'][number] {
  return { name, sha256: hash('sha256', key), scopes: ['read'], templates: ['*'], connectors: ['rest'] };
}

type Headers = Record<string, string>;
type Request = Parameters<ReturnType<typeof createAccessCheck>>[0];

function requestOf({ address = '10.0.0.7', ...headers }: Headers): Request {
  return { socket: { remoteAddress: address }, headers } as unknown as Request;
}

const here = { address: '127.0.0.1', host: 'localhost:8080' };

const recognized: { name: string; headers: Headers; caller: string }[] = [
  { name: 'a bearer', headers: { authorization: `Bearer ${ann}` }, caller: 'ann' },
  { name: 'a scheme in lower case', headers: { authorization: `bearer ${ann}` }, caller: 'ann' },
  { name: 'a header of its own', headers: { 'x-api-key': ann }, caller: 'ann' },
  { name: 'the second key of a name', headers: { 'x-api-key': next }, caller: 'ann' },
  {
    name: 'a key beside the credentials of a proxy',
    headers: { authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': ann },
    caller: 'ann',
  },
  { name: 'a key from this machine', headers: { ...here, 'x-api-key': ann }, caller: 'ann' },
  {
    name: 'a key from a page of any origin',
    headers: { origin: 'https://other.example.org', 'x-api-key': ann },
    caller: 'ann',
  },
  { name: 'this machine', headers: here, caller: 'local' },
  { name: 'a page of the service', headers: { ...here, origin: 'http://localhost:8080' }, caller: 'local' },
  {
    name: 'a page of a configured origin on this machine',
    headers: { ...here, origin: 'https://pages.example.org' },
    caller: 'local',
  },
];
for (const { name, headers, caller } of recognized) {
  test(`a caller is recognized by ${name}`, () => {
    const check = createAccessCheck({ api, unauthenticated: 'loopback' });
    assert.equal(check(requestOf(headers), 'read').name, caller);
  });
}

const refused: { name: string; headers: Headers; unauthenticated?: 'off' | 'on' }[] = [
  { name: 'no key', headers: {} },
  { name: 'no key from this machine with `off`', headers: here, unauthenticated: 'off' },
  { name: 'no key with `on`, although there are keys', headers: {}, unauthenticated: 'on' },
  { name: 'no key from this machine with `on`', headers: here, unauthenticated: 'on' },
  { name: 'a wrong key', headers: { authorization: `Bearer ${ann}x` } },
  { name: 'a wrong key from this machine', headers: { ...here, authorization: `Bearer ${ann}x` } },
  { name: 'a wrong key with `on`', headers: { 'x-api-key': 'x' }, unauthenticated: 'on' },
  { name: 'an empty key from this machine', headers: { ...here, 'x-api-key': '' } },
  { name: 'an empty bearer from this machine', headers: { ...here, authorization: 'Bearer ' } },
  { name: 'another scheme from this machine', headers: { ...here, authorization: `Basic ${ann}` } },
  { name: 'the hash of a key', headers: { 'x-api-key': hash('sha256', ann) } },
  {
    name: 'a wrong bearer beside a right key',
    headers: { authorization: `Bearer ${ann}x`, 'x-api-key': ann },
  },
  { name: 'a page of another origin', headers: { ...here, origin: 'https://evil.example.org' } },
  { name: 'a page without an origin', headers: { ...here, origin: 'null' } },
];
for (const { name, headers, unauthenticated = 'loopback' } of refused) {
  test(`is unauthorized, and what was presented is not shown: ${name}`, () => {
    const check = createAccessCheck({ api, unauthenticated });
    assert.throws(
      () => check(requestOf(headers), 'read'),
      (error: unknown) => isServiceError(error, 'unauthorized') && !error.message.includes(ann),
    );
  });
}

test('without keys, the answer says what to configure', () => {
  const check = createAccessCheck({ api: noKeys, unauthenticated: 'off' });
  assert.throws(() => check(requestOf(here), 'read'), /none is configured \(api\.keys, /);
});

test('without keys, `on` lets everybody in with all scopes', () => {
  const check = createAccessCheck({ api: noKeys, unauthenticated: 'on' });
  for (const scope of apiScopes) assert.equal(check(requestOf({}), scope).admin, true);
});

for (const scope of apiScopes) {
  test(`a key of other scopes is forbidden to use ${scope}, and the scope is named`, () => {
    const check = createAccessCheck({ api, unauthenticated: 'off' });
    const has = { [ann]: ['read', 'results'], [next]: ['read'], [root]: ['admin'] };
    for (const [key, scopes] of Object.entries(has)) {
      const request = requestOf({ 'x-api-key': key });
      if (scopes.includes(scope)) assert.ok(check(request, scope));
      else
        assert.throws(
          () => check(request, scope),
          (error: unknown) =>
            isServiceError(error, 'forbidden') && error.message.includes(`the scope ${scope},`),
        );
    }
  });
}
