import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProvisionRequest } from '../../../../src/dialects/control-plane/read-request.ts';
import { isServiceError } from '../../../../src/errors.ts';
import { readTraffic, versions } from '../read-traffic.ts';

for (const version of versions) {
  test(`reads the requests of a real connector ${version}`, async () => {
    const [first, ...later] = (await readTraffic(`${version}-control-plane-push`)).filter(
      ({ kind }) => kind === 'request',
    );
    const sent = JSON.parse(first?.body ?? '') as Record<string, string>;
    const message = readProvisionRequest(sent);
    assert.equal(message.assetId, 'job-asset');
    assert.equal(message.consumer, 'consumer');
    assert.deepEqual(message.ids, {
      transferProcessId: sent['transferProcessId'],
      resourceDefinitionId: sent['resourceDefinitionId'],
    });
    assert.equal(message.type, version === '0.10.0' ? undefined : 'provision');
    for (const { body } of later) assert.deepEqual(readProvisionRequest(JSON.parse(body)).ids, message.ids);
  });
}

const good = {
  assetId: 'urn:asset:1/ü',
  transferProcessId: 'tp-1',
  resourceDefinitionId: 'rd-1',
  callbackAddress: 'http://edc/callback',
};

test('unknown members and a null type are ignored', () => {
  const message = readProvisionRequest({ ...good, type: null, more: { x: 1 }, __proto__: { y: 1 } });
  assert.equal(message.type, undefined);
  assert.equal(message.assetId, 'urn:asset:1/ü');
});

test('the digest of a policy does not depend on the order of its members', () => {
  const one = readProvisionRequest({ ...good, policy: { assignee: 'c', permissions: [{ a: 1, b: 2 }] } });
  const two = readProvisionRequest({ ...good, policy: { permissions: [{ b: 2, a: 1 }], assignee: 'c' } });
  const three = readProvisionRequest({ ...good, policy: { permissions: [{ b: 2, a: 2 }], assignee: 'c' } });
  assert.equal(one.policyDigest, two.policyDigest);
  assert.notEqual(one.policyDigest, three.policyDigest);
});

const strangePolicies = [
  { name: 'text', policy: 'x' },
  { name: 'null', policy: null },
  { name: 'a list', policy: [1] },
  { name: 'an assignee that is no text', policy: { assignee: { x: 1 } } },
  { name: 'an assignee with control characters', policy: { assignee: 'a\nb' } },
  { name: 'a very long assignee', policy: { assignee: 'a'.repeat(5000) } },
];
for (const { name, policy } of strangePolicies) {
  test(`a strange policy is no reason to refuse: ${name}`, () => {
    assert.equal(readProvisionRequest({ ...good, policy }).consumer, undefined);
  });
}

const hostile = [
  { name: 'a list', body: [], field: 'body' },
  { name: 'null', body: null, field: 'body' },
  { name: 'text', body: 'x', field: 'body' },
  { name: 'no asset', body: { ...good, assetId: undefined }, field: 'assetId' },
  { name: 'an empty asset', body: { ...good, assetId: '' }, field: 'assetId' },
  { name: 'an asset with a line break', body: { ...good, assetId: 'a\nb' }, field: 'assetId' },
  { name: 'a long asset', body: { ...good, assetId: 'a'.repeat(1025) }, field: 'assetId' },
  { name: 'a number as id', body: { ...good, transferProcessId: 1 }, field: 'transferProcessId' },
  { name: 'a path as id', body: { ...good, transferProcessId: '../../admin' }, field: 'transferProcessId' },
  { name: 'dots as id', body: { ...good, resourceDefinitionId: '..' }, field: 'resourceDefinitionId' },
  {
    name: 'a long id',
    body: { ...good, resourceDefinitionId: 'a'.repeat(257) },
    field: 'resourceDefinitionId',
  },
  { name: 'another type', body: { ...good, type: 'destroy' }, field: 'type' },
  {
    name: 'a file as callback',
    body: { ...good, callbackAddress: 'file:///etc/passwd' },
    field: 'callbackAddress',
  },
  {
    name: 'a callback with a query',
    body: { ...good, callbackAddress: 'http://edc/callback?x=' },
    field: 'callbackAddress',
  },
  { name: 'a policy without end', body: { ...good, policy: nested(100) }, field: 'policy' },
];
for (const { name, body, field } of hostile) {
  test(`refuses ${name} and names ${field}`, () => {
    assert.throws(
      () => readProvisionRequest(JSON.parse(JSON.stringify(body))),
      (error) =>
        isServiceError(error, 'invalid-request') &&
        error.field === field &&
        error.message.includes('expected'),
    );
  });
}

test('names every member at fault at once', () => {
  assert.throws(() => readProvisionRequest({}), /assetId: expected .*callbackAddress: expected /s);
});

function nested(levels: number): object {
  return levels === 0 ? {} : { inner: nested(levels - 1) };
}
