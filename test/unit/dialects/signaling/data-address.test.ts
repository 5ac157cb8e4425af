import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isServiceError } from '../../../../src/errors.ts';
import { buildStatusMessage, buildStatusResponse } from '../../../../src/dialects/signaling/build-answers.ts';
import {
  buildAddress,
  carriesS3,
  endpointTypeOf,
  ownAddress,
  readAddress,
  readHttpEndpoint,
  type ReceivedAddress,
} from '../../../../src/dialects/signaling/data-address.ts';
import { readFlowMessage } from '../../../../src/dialects/signaling/read-message.ts';
import {
  DataFlowStatusMessage,
  DataFlowStatusResponseMessage,
} from '../../../../src/dialects/signaling/schemas.ts';
import { states } from '../../../../src/dialects/signaling/states.ts';
import { ajv } from '../../../../src/schemas/schema-problem.ts';
import { anS3Address } from '../s3-address.ts';
import { readTraffic } from '../read-traffic.ts';

const namespace = 'https://w3id.org/edc/v0.0.1/ns/';
const profile = 'https://w3id.org/dspace-sig/profile/http-pull';
const http = 'https://w3id.org/idsa/v4.1/HTTP';

test('reads the address that a real connector sends with `started`, without the names that it adds', async () => {
  const traffic = await readTraffic('0.18.0-signaling-pull-asynchronous');
  const started = traffic.find(
    ({ kind, path }) => kind === 'to-consumer-data-plane' && path.endsWith('/started'),
  );
  const { address } = readFlowMessage(JSON.parse(started?.body ?? ''));
  assert.ok(address);
  assert.deepEqual([...address.properties.keys()].sort(), ['authType', 'authorization']);
  assert.deepEqual(readHttpEndpoint(address).headers, { authorization: 'Bearer token-1' });
});

test('a bare name wins over one in the namespace of EDC, and the endpoint may stand there alone', () => {
  const { endpoint, properties } = readAddress({
    endpointType: http,
    endpointProperties: [
      { name: `${namespace}authorization`, value: 'full' },
      { name: 'authorization', value: 'bare' },
      { name: `${namespace}authType`, value: 'bearer' },
      { name: `${namespace}endpoint`, value: 'http://127.0.0.1/data' },
      { name: `${namespace}type`, value: http },
    ],
  });
  assert.equal(endpoint, 'http://127.0.0.1/data');
  assert.deepEqual(Object.fromEntries(properties), { authorization: 'bare', authType: 'bearer' });
});

test('the names of inherited members are names like others', () => {
  const { properties } = readAddress({
    endpointType: http,
    endpointProperties: [{ name: '__proto__', value: 'x' }],
  });
  assert.deepEqual([...properties], [['__proto__', 'x']]);
});

function received(parts: Partial<ReceivedAddress>, properties: Record<string, string> = {}): ReceivedAddress {
  return {
    endpointType: http,
    endpoint: 'http://sink.example.org/a?b=c',
    ...parts,
    properties: new Map(Object.entries(properties)),
  };
}

test('an address without authorization is used without', () => {
  assert.deepEqual(readHttpEndpoint(received({})), { url: 'http://sink.example.org/a?b=c', headers: {} });
});

const secret = 'very-secret';
const unusable: { name: string; address: ReceivedAddress; field: string }[] = [
  { name: 'another type', address: received({ endpointType: 'AmazonS3' }), field: 'endpointType' },
  { name: 'no URL', address: received({ endpoint: secret }), field: 'endpoint' },
  { name: 'a file', address: received({ endpoint: `file:///${secret}` }), field: 'endpoint' },
  {
    name: 'a password in the URL',
    address: received({ endpoint: `https://u:${secret}@h/` }),
    field: 'endpoint',
  },
  { name: 'http in an HTTP profile', address: received({ endpointType: profile }), field: 'endpoint' },
  {
    name: 'an authorization without type',
    address: received({}, { authorization: secret }),
    field: 'endpointProperties',
  },
  {
    name: 'an authorization of another type',
    address: received({}, { authorization: secret, authType: 'basic' }),
    field: 'endpointProperties',
  },
  {
    name: 'a line break in the authorization',
    address: received({}, { authorization: `${secret}\r\nx: y`, authType: 'bearer' }),
    field: 'endpointProperties',
  },
];
for (const { name, address, field } of unusable) {
  test(`refuses ${name}, names the member and shows no value`, () => {
    assert.throws(
      () => readHttpEndpoint(address),
      (error) =>
        isServiceError(error, 'invalid-request') &&
        error.field === `dataAddress.${field}` &&
        error.message.startsWith(`dataAddress.${field}: expected `) &&
        !error.message.includes(secret),
    );
  });
}

test('what is built validates against the schemas, has no null, and is read back', () => {
  const valid = ajv.compile(DataFlowStatusMessage);
  for (const token of ['token', undefined]) {
    const dataAddress = buildAddress(
      endpointTypeOf(profile),
      'https://results.example.org/1',
      token === undefined ? {} : { authorization: token, authType: 'bearer' },
    );
    const message = buildStatusMessage({ messageId: 'm', flow: 'f', state: 'STARTED', address: dataAddress });
    assert.ok(valid(message), JSON.stringify(valid.errors));
    assert.deepEqual(readHttpEndpoint(readAddress(dataAddress)), {
      url: 'https://results.example.org/1',
      headers: token === undefined ? {} : { authorization: 'Bearer token' },
    });
  }
  const errored = buildStatusMessage({
    messageId: 'm',
    flow: 'f',
    state: 'STARTING',
    error: 'the job failed',
  });
  assert.ok(valid(errored));
  assert.deepEqual(Object.keys(errored), ['messageId', 'dataFlowId', 'state', 'error']);
});

test('the recorded callbacks of a data plane that EDC 0.18.0 has taken validate against the same schema', async () => {
  const valid = ajv.compile(DataFlowStatusMessage);
  for (const scenario of ['pull-asynchronous', 'push-asynchronous', 'prepare-asynchronous', 'errored'])
    for (const { kind, body } of await readTraffic(`0.18.0-signaling-${scenario}`))
      if (kind.endsWith('control-plane')) assert.ok(valid(JSON.parse(body)), body);
});

test('a status has the id and the state alone, in every state', () => {
  const valid = ajv.compile(DataFlowStatusResponseMessage);
  for (const state of states) if (state !== 'none') assert.ok(valid(buildStatusResponse('flow', state)));
});

test('the type of an address is the HTTP profile of the flow, else that of plain HTTP', () => {
  assert.equal(endpointTypeOf(profile), profile);
  assert.equal(endpointTypeOf('HttpData-PULL'), http);
});

const bearer = {
  url: 'https://results.example.org/results/flow/content',
  lastingToken: 'lasting',
  renewal: {
    accessToken: 'short',
    expiresIn: 300,
    refreshToken: 'refresh',
    refreshUrl: 'https://results.example.org/results/flow/token',
  },
};
const resultAddress = { type: 'HttpData', baseUrl: 'https://results.example.org/1', method: 'GET' } as const;
const ownAddresses: {
  name: string;
  party: Parameters<typeof ownAddress>[0];
  has: object;
  bearer?: typeof bearer;
}[] = [
  {
    name: 'a consumer with a did:web can renew its token',
    party: { profile, consumer: 'did:web:consumer.example.org' },
    bearer,
    has: {
      endpoint: bearer.url,
      authorization: 'short',
      authType: 'bearer',
      refreshToken: 'refresh',
      expiresIn: '300',
      refreshEndpoint: bearer.renewal.refreshUrl,
    },
  },
  {
    name: 'another consumer gets a token that lasts',
    party: { profile, consumer: 'BPNL000000000001' },
    bearer,
    has: { endpoint: bearer.url, authorization: 'lasting', authType: 'bearer' },
  },
  {
    name: 'a presigned address has no token',
    party: { profile, consumer: 'did:web:consumer.example.org' },
    has: { endpoint: resultAddress.baseUrl },
  },
  {
    name: 'other profiles have the token in the path',
    party: { profile: 'HttpData-PULL', consumer: 'did:web:consumer.example.org' },
    bearer,
    has: { endpoint: resultAddress.baseUrl },
  },
];
for (const { name, party, bearer, has } of ownAddresses) {
  test(`the address of the results: ${name}`, () => {
    const address = ownAddress(party, { ...resultAddress, ...(bearer === undefined ? {} : { bearer }) });
    const properties = (address.endpointProperties ?? []).map(({ name, value }) => [name, value]);
    assert.deepEqual({ endpoint: address.endpoint, ...Object.fromEntries(properties) }, has);
  });
}

test('an address of S3 has its keys among the properties, by the names of EDC and without those that it reserves', () => {
  const address = ownAddress({ profile: 'AmazonS3-PULL', consumer: undefined }, anS3Address);
  assert.deepEqual([address.endpointType, address.endpoint], ['AmazonS3', 'https://s3.example.org']);
  const { properties } = readAddress(address);
  assert.deepEqual(Object.fromEntries(properties), {
    bucketName: 'results',
    region: 'eu-central-1',
    endpointOverride: 'https://s3.example.org',
    objectPrefix: 'flows/flow-a/uid/files/',
    ...anS3Address.keys,
  });
  const body = { messageId: 'm', flow: 'p', state: 'STARTED' as const, address };
  assert.ok(ajv.compile(DataFlowStatusMessage)(buildStatusMessage(body)));
  const one = ownAddress(
    { profile: 'AmazonS3-PULL', consumer: undefined },
    { ...anS3Address, objects: { key: 'flows/flow-a/uid/files/a' } },
  );
  const names = [...readAddress(one).properties.keys()];
  assert.ok(names.includes('objectName') && !names.includes('objectPrefix'));
});

test('an address of S3 is for pulls by profiles other than those of HTTP', () => {
  const profiles = [
    'AmazonS3-PULL',
    'https://example.org/s3-pull',
    'HttpData-PULL',
    profile,
    'AmazonS3-PUSH',
  ];
  assert.deepEqual(profiles.filter(carriesS3), ['AmazonS3-PULL', 'https://example.org/s3-pull']);
});
