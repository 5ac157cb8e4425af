import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFault, findStatusFault } from '../src/check-message.ts';

const message = { messageId: 'm', dataFlowId: 'f', state: 'STARTED' };
const property = { '@type': 'EndpointProperty', name: 'authorization', value: 'token' };
const address = { '@type': 'DataAddress', endpointType: 'https://w3id.org/idsa/v4.1/HTTP' };

const valid = [
  { name: 'the required members', body: message },
  { name: 'unknown members', body: { ...message, future: 1 } },
  { name: 'an error', body: { ...message, error: 'text' } },
  { name: 'an address with its type alone', body: { ...message, dataAddress: address } },
  {
    name: 'an address with properties',
    body: { ...message, dataAddress: { ...address, endpoint: 'https://x', endpointProperties: [property] } },
  },
];

for (const { name, body } of valid) {
  test(`a status message with ${name} is valid`, () => {
    assert.equal(findFault(body), undefined);
  });
}

const invalid = [
  { name: 'no object', body: [], fault: /JSON object/ },
  { name: 'no messageId', body: { ...message, messageId: undefined }, fault: /^messageId/ },
  { name: 'no dataFlowId', body: { ...message, dataFlowId: 1 }, fault: /^dataFlowId/ },
  { name: 'an unknown state', body: { ...message, state: 'FAILED' }, fault: /^state/ },
  { name: 'an error that is null', body: { ...message, error: null }, fault: /^error/ },
  { name: 'an address that is null', body: { ...message, dataAddress: null }, fault: /^dataAddress: / },
  {
    name: 'an address without @type',
    body: { ...message, dataAddress: { endpointType: 't' } },
    fault: /^dataAddress\.@type/,
  },
  {
    name: 'an address without endpointType',
    body: { ...message, dataAddress: { '@type': 'DataAddress' } },
    fault: /^dataAddress\.endpointType/,
  },
  {
    name: 'an endpoint that is null',
    body: { ...message, dataAddress: { ...address, endpoint: null } },
    fault: /^dataAddress\.endpoint: /,
  },
  {
    name: 'an empty list of properties',
    body: { ...message, dataAddress: { ...address, endpointProperties: [] } },
    fault: /^dataAddress\.endpointProperties: /,
  },
  {
    name: 'a property without @type',
    body: {
      ...message,
      dataAddress: { ...address, endpointProperties: [property, { name: 'n', value: 'v' }] },
    },
    fault: /^dataAddress\.endpointProperties\.1\.@type/,
  },
  {
    name: 'a property with a number',
    body: { ...message, dataAddress: { ...address, endpointProperties: [{ ...property, value: 300 }] } },
    fault: /^dataAddress\.endpointProperties\.0\.value/,
  },
];

for (const { name, body, fault } of invalid) {
  test(`a status message with ${name} is invalid, and the fault names it`, () => {
    assert.match(findFault(body) ?? 'valid', fault);
  });
}

test('a status response has its two members and no other', () => {
  assert.equal(findStatusFault({ state: 'STARTED', dataFlowId: 'f' }), undefined);
  assert.match(findStatusFault(message) ?? '', /received dataFlowId, messageId, state$/);
  assert.match(findStatusFault({ dataFlowId: 'f' }) ?? '', /received dataFlowId$/);
  assert.match(findStatusFault({ dataFlowId: 'f', state: 'none' }) ?? '', /^state/);
});
