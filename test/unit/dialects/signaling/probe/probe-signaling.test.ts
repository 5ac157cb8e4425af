import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startSignalingSimulator, type SignalingOptions } from 'connector-simulator';
import { numberedTokens, startTokenServer } from '../../../../support/token-server.ts';
import { probe, shortOf } from '../../probe-connector.ts';
import { sendJson, startLoopback } from '../loopback-server.ts';

const key = 'key-of-the-connector';
const endpoint = 'http://jobs.test/connectors/edc/token-of-the-connector/dataflows';
const registered = { dataplaneId: 'edc-job-provisioner', endpoint, transferTypes: ['HttpData-PULL'] };

async function simulate(t: TestContext, options: Partial<SignalingOptions> = {}) {
  const simulator = await startSignalingSimulator({
    release: '0.18.0-signaling',
    managementKey: key,
    ...options,
  });
  t.after(() => simulator.stop());
  const { callbackAddress: callbackPrefix, managementUrl } = simulator;
  const connector = {
    ...{ dialect: 'signaling', callbackPrefix, managementUrl },
    registration: { url: `${managementUrl}/v4/dataplanes` },
  };
  return { simulator, connector, managementUrl, callbackPrefix };
}

const secrets = { MANAGEMENT_KEY: key };
const callbackPassed =
  'callback passed: answers 401, as EDC does for an unknown transfer: a wrong token would not show here';
const managementPassed = 'management passed: v3 and v4 answers, and accepts the key';

test('a control plane that has this data plane passes, and keeps no trace', async (t) => {
  const { simulator, connector } = await simulate(t);
  simulator.register(registered);
  assert.deepEqual(shortOf(await probe(t, connector, secrets)), [
    callbackPassed,
    'registration passed: edc-job-provisioner is registered with HttpData-PULL',
    managementPassed,
  ]);
  assert.deepEqual(simulator.processes(), []);
  assert.deepEqual(simulator.dataPlanes(), [registered]);
});

const entries = [
  { name: 'none', planes: [], detail: /^edc-job-provisioner is not among its 0 data planes$/ },
  {
    name: 'that of another service',
    planes: [{ ...registered, dataplaneId: 'other' }],
    detail: /^edc-job-provisioner is not among its 1 data planes$/,
  },
  {
    name: 'another endpoint',
    planes: [{ ...registered, endpoint: 'http://old.example.org/connectors/edc/secret-path/dataflows' }],
    detail: /is registered with another endpoint \(at http:\/\/old\.example\.org\)$/,
  },
  {
    name: 'other transfer types',
    planes: [{ ...registered, transferTypes: [] }],
    detail: /is registered with the transfer types \(none\) instead of HttpData-PULL$/,
  },
];
for (const { name, planes, detail } of entries) {
  test(`a registration that differs fails with the difference: ${name}`, async (t) => {
    const { simulator, connector } = await simulate(t);
    for (const plane of planes) simulator.register(plane);
    const [, registration] = await probe(t, connector, secrets);
    assert.equal(registration?.result, 'failed');
    assert.match(registration.detail, detail);
    assert.match(registration.advice ?? '', /^start the service/);
  });
}

test('labels are compared where the list shows them', async (t) => {
  const plane = { ...registered, profiles: ['HttpData-PULL'], labels: ['gpu'] };
  const list = await startLoopback(t, (res) => sendJson(res, [plane]));
  async function registration(labels: string[]): Promise<string | undefined> {
    const connector = {
      ...{ dialect: 'signaling', callbackPrefix: `${list.url}/signaling` },
      registration: { url: `${list.url}/dataplanes`, labels },
    };
    return shortOf(await probe(t, connector, secrets))[1];
  }
  assert.match((await registration(['gpu'])) ?? '', /^registration passed/);
  assert.match((await registration([])) ?? '', /the labels gpu instead of \(none\)$/);
});

test('a registration by hand is found by its endpoint', async (t) => {
  const { simulator, connector } = await simulate(t);
  const byHand = { ...connector, registration: {} };
  assert.match(
    shortOf(await probe(t, byHand, secrets))[1] ?? '',
    /^registration failed: none of its 0 data planes has the endpoint of this connector$/,
  );
  simulator.register({ ...registered, dataplaneId: 'by-hand' });
  assert.equal(
    shortOf(await probe(t, byHand, secrets))[1],
    'registration passed: by-hand is registered with HttpData-PULL',
  );
  simulator.register({ ...registered, dataplaneId: 'by-hand', transferTypes: ['AmazonS3-PUSH'] });
  assert.equal(
    shortOf(await probe(t, byHand, secrets))[1],
    'registration failed: by-hand is registered with transfer types that are not served: AmazonS3-PUSH',
  );
});

test('advice and details show no token of a path', async (t) => {
  const { connector } = await simulate(t);
  const probes = await probe(t, { ...connector, registration: {} }, secrets);
  assert.match(probes[1]?.advice ?? '', /\/connectors\/edc\/<token>\/dataflows/);
  assert.ok(!JSON.stringify(probes).includes('token-of-the-connector'));
});

test('a wrong key fails with the variable to set', async (t) => {
  const { connector } = await simulate(t);
  const [, registration, management] = await probe(t, connector, { MANAGEMENT_KEY: 'a-wrong-key' });
  assert.partialDeepStrictEqual(registration, {
    result: 'failed',
    detail: 'refuses the credentials (401)',
    advice: 'check registration of the connector, and the secret CONNECTOR_EDC_MANAGEMENT_KEY',
  });
  assert.equal(management?.result, 'failed');
});

test('wrong addresses fail with the settings to correct', async (t) => {
  const { managementUrl } = await simulate(t);
  const probes = await probe(
    t,
    {
      ...{ dialect: 'signaling', callbackPrefix: `${managementUrl}/wrong` },
      registration: { url: `${managementUrl}/v4/planes` },
    },
    secrets,
  );
  assert.deepEqual(
    probes.map(({ check, result, advice = '' }) => [check, result, advice.split(' ')[0]]),
    [
      ['callback', 'failed', 'callbackPrefix,'],
      ['registration', 'failed', 'registration.url'],
      ['management', 'skipped', ''],
    ],
  );
});

test('a control plane that lists no data planes is not blamed for it', async (t) => {
  const edc = await startLoopback(t, (res) => res.writeHead(405).end());
  const connector = {
    ...{ dialect: 'signaling', callbackPrefix: `${edc.url}/signaling` },
    registration: { url: `${edc.url}/dataplanes` },
  };
  assert.equal(
    shortOf(await probe(t, connector, secrets))[1],
    'registration skipped: answers 405, and does not list its data planes',
  );
  assert.ok(edc.requests.every(({ method, path }) => method === 'GET' || path.startsWith('/signaling/')));
});

test('EDC 0.16 is recognised, though it lists no data planes', async (t) => {
  const { simulator, connector } = await simulate(t, { release: '0.16.0-signaling' });
  const registration = { url: `${simulator.controlUrl}/dataplanes` };
  assert.equal(
    shortOf(await probe(t, { ...connector, registration }, secrets))[1],
    'registration skipped: takes registrations as EDC 0.16 does, and does not list its data planes',
  );
});

test('each endpoint gets the token of its own client, and one without a token says whose secret is wrong', async (t) => {
  const edc = await startLoopback(t, (res, { path, headers }) => {
    const expected = path === '/dataplanes' ? 'token-1' : 'callback-token';
    sendJson(res, [], headers.authorization === `Bearer ${expected}` ? 200 : 403);
  });
  const tokens = await startTokenServer(numberedTokens(300));
  t.after(() => tokens[Symbol.asyncDispose]());
  const refusing = await startTokenServer(() => ({ status: 401, body: { error: 'invalid_client' } }));
  t.after(() => refusing[Symbol.asyncDispose]());
  const callbackTokens = await startTokenServer(() => ({
    body: { access_token: 'callback-token', expires_in: 300 },
  }));
  t.after(() => callbackTokens[Symbol.asyncDispose]());
  function connectorWith(tokenEndpoint: string) {
    return {
      ...{ dialect: 'signaling', callbackPrefix: `${edc.url}/signaling` },
      controlPlane: {
        endpoint: `${edc.url}/signaling`,
        authorization: {
          type: 'oauth2_client_credentials',
          tokenEndpoint,
          clientId: 'jobs',
          jwksUri: edc.url,
        },
      },
      registration: { url: `${edc.url}/dataplanes`, tokenEndpoint: tokens.url, clientId: 'jobs' },
    };
  }
  const clients = { CONTROL_PLANE_CLIENT_SECRET: 'secret-one', REGISTRATION_CLIENT_SECRET: 'secret-two' };
  const [callback, registration] = await probe(t, connectorWith(callbackTokens.url), clients);
  assert.equal(callback?.detail, 'answers 200, and refuses no authorization');
  assert.equal(registration?.detail, 'edc-job-provisioner is not among its 0 data planes');
  const [withoutToken] = await probe(t, connectorWith(refusing.url), clients);
  assert.equal(withoutToken?.result, 'failed');
  assert.match(withoutToken.detail, /^the token endpoint .* answered 401: invalid_client$/);
  assert.match(withoutToken.advice ?? '', /CONNECTOR_EDC_CONTROL_PLANE_CLIENT_SECRET$/);
});
