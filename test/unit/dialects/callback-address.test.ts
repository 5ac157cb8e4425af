import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBelowPrefix, urlBelow } from '../../../src/dialects/callback-address.ts';

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
  { name: 'dots that come back', address: `${prefix}/x/..`, below: false },
  { name: 'a dot', address: `${prefix}/.`, below: false },
  { name: 'dots in a name', address: `${prefix}/v1..2/.x`, below: true },
  { name: 'a dot and an encoded one', address: `${prefix}/.%2e/admin`, below: false },
  { name: 'an encoded dot in a name', address: `${prefix}/v1%2e2`, below: false },
  { name: 'an encoded slash after dots', address: `${prefix}/..%2fadmin`, below: false },
  { name: 'an encoded slash', address: `${prefix}/a%2Fb`, below: false },
  { name: 'an encoded backslash', address: `${prefix}/..%5cadmin`, below: false },
  { name: 'an encoded backslash in capitals', address: `${prefix}/..%5Cadmin`, below: false },
  { name: 'a backslash', address: `${prefix}/a\\b`, below: false },
  { name: 'a path parameter after dots', address: `${prefix}/..;/..;x=y/admin`, below: false },
  { name: 'a path parameter', address: `${prefix}/a;jsessionid=1`, below: false },
  { name: 'an encoded semicolon', address: `${prefix}/..%3b/admin`, below: false },
  { name: 'double encoding of dots', address: `${prefix}/%252e%252e/admin`, below: false },
  { name: 'double encoding of a slash', address: `${prefix}/..%252fadmin`, below: false },
  { name: 'an encoded percent sign', address: `${prefix}/100%25`, below: false },
  { name: 'overlong encoding of a slash', address: `${prefix}/..%c0%afadmin`, below: false },
  { name: 'encoding of another alphabet', address: `${prefix}/..%u2215admin`, below: false },
  { name: 'a broken encoding', address: `${prefix}/a%2`, below: false },
  { name: 'an empty segment', address: `${prefix}//admin`, below: false },
  { name: 'empty segments at the end', address: `${prefix}//`, below: false },
  {
    name: 'an empty segment at the start',
    address: 'https://edc.example.org:8181//management/callback',
    below: false,
  },
  { name: 'an encoded line break', address: `${prefix}/a%0d%0ab`, below: false },
  { name: 'an encoded zero', address: `${prefix}/a%00`, below: false },
  { name: 'a line break', address: `${prefix}/a\nb`, below: false },
  { name: 'a tab that a parser drops', address: `${prefix}/.\t./admin`, below: false },
  { name: 'a space before it', address: ` ${prefix}`, below: false },
  { name: 'a letter beyond ASCII', address: `${prefix}/é`, below: false },
  { name: 'an encoded letter beyond ASCII', address: `${prefix}/%C3%A9`, below: true },
  { name: 'an encoded space', address: `${prefix}/a%20b`, below: true },
  { name: 'an empty query', address: `${prefix}?`, below: false },
  { name: 'an empty fragment', address: `${prefix}#`, below: false },
  { name: 'an empty user', address: 'https://@edc.example.org:8181/management/callback', below: false },
  { name: 'one slash', address: 'https:/edc.example.org:8181/management/callback', below: false },
  {
    name: 'backslashes for slashes',
    address: 'https:\\\\edc.example.org:8181/management/callback',
    below: false,
  },
  { name: 'characters of a path', address: `${prefix}/a-b_c~d!$&'()*+,=:@`, below: true },
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
