import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServiceError } from '../../../../src/errors.ts';
import { readCreation, readFlowMessage } from '../../../../src/dialects/signaling/read-message.ts';
import { readTraffic } from '../read-traffic.ts';

const current = {
  messageId: 'message',
  participantId: 'did:web:provider',
  counterPartyId: 'did:web:consumer',
  dataspaceContext: 'dataspace',
  processId: 'process-1',
  agreementId: 'agreement',
  datasetId: 'urn:asset:1',
  profile: 'https://w3id.org/dspace-sig/profile/http-pull',
  claims: {},
};

test('reads the start of a real connector, which has the names of v1.0-RC2', async () => {
  const traffic = await readTraffic('0.18.0-signaling-push-asynchronous');
  const sent = JSON.parse(traffic.find(({ path }) => path.endsWith('/start'))?.body ?? '') as Record<
    string,
    unknown
  >;
  const { address, ...message } = readCreation('start', sent);
  assert.deepEqual(message, {
    kind: 'provider-push',
    messageId: sent['messageId'],
    processId: sent['processId'],
    participantId: 'provider',
    counterPartyId: 'consumer',
    dataspaceContext: 'dataspace-protocol-http:2025-1',
    agreementId: sent['agreementId'],
    datasetId: 'push-asynchronous',
    profile: 'HttpData-PUSH',
    callbackAddress: sent['callbackAddress'],
    claims: { client_id: 'consumer' },
    labels: [],
    metadata: {},
  });
  assert.match(address?.endpoint ?? '', /\/sink\/push-asynchronous$/);
});

test('both versions are read into the same message', () => {
  const { profile, ...others } = current;
  assert.deepEqual(
    readCreation('start', { ...others, transferType: profile }),
    readCreation('start', { ...current, transferType: 'older' }),
  );
});

test('null means absent, claims may be absent, and unknown members are ignored', () => {
  const nulls = {
    callbackAddress: null,
    labels: null,
    metadata: null,
    claims: null,
    dataAddress: null,
    more: 1,
  };
  assert.deepEqual(readCreation('start', { ...current, ...nulls }), readCreation('start', current));
  const address = { endpointType: 'HttpData', endpoint: null, endpointProperties: null, '@type': null };
  assert.deepEqual(readCreation('start', { ...current, dataAddress: address }).address, {
    endpointType: 'HttpData',
    properties: new Map(),
  });
});

const kinds = [
  { message: 'prepare', profile: 'HttpData-PULL', kind: 'consumer-pull' },
  { message: 'prepare', profile: 'http-push', kind: 'consumer-push' },
  { message: 'start', profile: 'HttpData-Pull', kind: 'provider-pull' },
  { message: 'start', profile: 'https://example.org/a-pull/x-push', kind: 'provider-push' },
] as const;
for (const { message, profile, kind } of kinds) {
  test(`the kind of flow follows from message and profile: ${message} of ${profile}`, () => {
    assert.equal(readCreation(message, { ...current, profile }).kind, kind);
  });
}

const required = [
  'messageId',
  'participantId',
  'counterPartyId',
  'dataspaceContext',
  'processId',
  'agreementId',
  'datasetId',
];
const hostile: { name: string; body: unknown; field: string }[] = [
  ...[...required, 'profile'].flatMap((member) => [
    { name: `no ${member}`, body: { ...current, [member]: undefined }, field: member },
    { name: `null as ${member}`, body: { ...current, [member]: null }, field: member },
    { name: `a number as ${member}`, body: { ...current, [member]: 1 }, field: member },
  ]),
  { name: 'a list', body: [], field: 'body' },
  { name: 'null', body: null, field: 'body' },
  { name: 'a profile without direction', body: { ...current, profile: 'HttpData' }, field: 'profile' },
  { name: 'a path as processId', body: { ...current, processId: '../x' }, field: 'processId' },
  {
    name: 'a file as callback',
    body: { ...current, callbackAddress: 'file:///x' },
    field: 'callbackAddress',
  },
  { name: 'a list as claims', body: { ...current, claims: [] }, field: 'claims' },
  { name: 'text as labels', body: { ...current, labels: 'x' }, field: 'labels' },
  { name: 'a text as address', body: { ...current, dataAddress: 'x' }, field: 'dataAddress' },
  {
    name: 'an address without type',
    body: { ...current, dataAddress: {} },
    field: 'dataAddress.endpointType',
  },
  {
    name: 'a number as property',
    body: {
      ...current,
      dataAddress: { endpointType: 'x', endpointProperties: [{ name: 'expiresIn', value: 300 }] },
    },
    field: 'dataAddress.endpointProperties.0.value',
  },
];
for (const { name, body, field } of hostile) {
  test(`refuses ${name} and names ${field}`, () => {
    assert.throws(
      () => readCreation('start', body === null ? null : JSON.parse(JSON.stringify(body))),
      (error) =>
        isServiceError(error, 'invalid-request') &&
        error.field === field &&
        error.message.includes(`${field}: expected `) &&
        !error.message.includes('a value'),
    );
  });
}

test('names every member at fault at once', () => {
  assert.throws(() => readCreation('prepare', {}), /messageId: expected .*agreementId: expected /s);
});

test('a message to a flow may have no body, no messageId and unknown members', () => {
  assert.deepEqual(readFlowMessage(undefined), {});
  assert.deepEqual(readFlowMessage({}), {});
  assert.deepEqual(readFlowMessage({ messageId: 'm', reason: 'suspend', processId: 'random' }), {
    messageId: 'm',
    reason: 'suspend',
  });
  assert.throws(() => readFlowMessage([]), /body: expected a JSON object/);
  assert.throws(() => readFlowMessage({ reason: 1 }), /reason: expected a string/);
});
