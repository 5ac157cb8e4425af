import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactor } from '../../../src/redact-secrets.ts';
import { showMatched, showUnmatched } from '../../../src/http/shown-path.ts';

const token = 'token-of-the-connector';
const redact = createRedactor([token]);
const provision = { path: '/connectors/:connector/:token/provision/:template', secret: ['token'] };
const file = { path: '/results/:flow/:token/files/*path', secret: ['token'] };

const matched = [
  {
    name: 'the parameters that are no secret',
    route: provision,
    params: { connector: 'edc', token, template: 'echo' },
    shown: '/connectors/edc/:token/provision/echo',
  },
  {
    name: 'no secret in another place than its own',
    route: provision,
    params: { connector: token, token: 'edc', template: `x${token}` },
    shown: '/connectors/%5Bredacted%5D/:token/provision/x%5Bredacted%5D',
  },
  {
    name: 'the path of a file in one line',
    route: file,
    params: { flow: 'flow-a', token: 'secret', path: 'a b/\nc\ud800' },
    shown: '/results/flow-a/:token/files/a%20b/%0Ac%EF%BF%BD',
  },
  { name: 'a path without parameters', route: { path: '/health/ready' }, params: {}, shown: '/health/ready' },
];
for (const { name, route, params, shown } of matched) {
  test(`of a path that a route has, the log shows ${name}`, () => {
    assert.equal(showMatched(route, params, redact), shown);
  });
}

test('the log shows a bounded part of a path', () => {
  assert.equal(showMatched(file, { path: 'x'.repeat(5000) }, redact).length, 300);
});

const unmatched = [
  { path: `/edc/connectors/x/${token}/provision`, shown: '/edc/…' },
  { path: `//connectors//edc//${token}`, shown: '/connectors/…' },
  { path: `/${token}/provision`, shown: '/…/…' },
  { path: '/0123456789abcdef0123456789abcdef', shown: '/…' },
  { path: '/connectors%2Fedc%2Ftoken', shown: '/…' },
  { path: '/nowhere', shown: '/nowhere' },
  { path: '//', shown: '/' },
];
for (const { path, shown } of unmatched) {
  test(`of ${path}, which no route has, the log shows ${shown}`, () => {
    assert.equal(showUnmatched(path, redact), shown);
  });
}

test('a short token that is a first segment is not shown either', () => {
  assert.equal(showUnmatched('/secret/x', createRedactor(['secret'])), '/[redacted]/…');
});
