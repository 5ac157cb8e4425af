import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBelowPrefix, urlBelow } from '../../../src/connector/callback-address.ts';

const prefix = 'https://edc.example.org:8181/management/callback';
const rows = [
  { name: 'the prefix itself', address: prefix, below: true },
  { name: 'with a final slash', address: `${prefix}/`, below: true },
  { name: 'a segment more', address: `${prefix}/more`, below: true },
  {
    name: 'another spelling of scheme and host',
    address: 'HTTPS://EDC.example.org:8181/management/callback',
    below: true,
  },
  { name: 'half a segment more', address: `${prefix}s`, below: false },
  { name: 'another port', address: 'https://edc.example.org:8182/management/callback', below: false },
  { name: 'another scheme', address: 'http://edc.example.org:8181/management/callback', below: false },
  {
    name: 'the host as a user',
    address: 'https://edc.example.org:8181@evil.example/management/callback',
    below: false,
  },
  {
    name: 'a user before the host',
    address: 'https://u@edc.example.org:8181/management/callback',
    below: false,
  },
  {
    name: 'a longer host',
    address: 'https://edc.example.org.evil.example:8181/management/callback',
    below: false,
  },
  { name: 'dots that leave', address: `${prefix}/../../admin`, below: false },
  { name: 'encoded dots that leave', address: `${prefix}/%2e%2e/%2E%2e/admin`, below: false },
  { name: 'backslashes that leave', address: `${prefix}\\..\\..\\admin`, below: false },
  { name: 'dots that come back', address: `${prefix}/x/..`, below: true },
  { name: 'a query', address: `${prefix}?a=b`, below: false },
  { name: 'a fragment', address: `${prefix}#a`, below: false },
  { name: 'no URL', address: 'callback', below: false },
];
for (const { name, address, below } of rows) {
  test(`${below ? 'lies' : 'does not lie'} below the prefix: ${name}`, () => {
    assert.equal(isBelowPrefix(address, prefix), below);
  });
}

test('a prefix without a path covers its origin', () => {
  assert.equal(isBelowPrefix('http://edc:8181/any/callback', 'http://edc:8181'), true);
});

test('an id cannot leave its segment', () => {
  assert.equal(
    urlBelow('http://edc/callback/', 'a/../b?c#d', 'provision'),
    'http://edc/callback/a%2F..%2Fb%3Fc%23d/provision',
  );
});
