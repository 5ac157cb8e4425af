import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { type ConnectorVersion, startConnectorSimulator, type SimulatorOptions } from 'connector-simulator';
import { Agent } from 'undici';
import { loadConfig } from '../../../src/config/load-config.ts';
import { builtInDialects } from '../../../src/dialects/built-in.ts';
import { probeConnectors } from '../../../src/dialects/probe-connectors.ts';
import { numberedTokens, startTokenServer } from '../../support/token-server.ts';
import { probe, shortOf } from './probe-connector.ts';

const key = 'key-of-the-connector';

async function simulate(t: TestContext, version: ConnectorVersion, options: Partial<SimulatorOptions> = {}) {
  const simulator = await startConnectorSimulator({
    version,
    provisionUrl: 'http://127.0.0.1:9/',
    assets: {},
    managementKey: key,
    callbackKey: key,
    ...options,
  });
  t.after(() => simulator.stop());
  const { callbackAddress: callbackPrefix, managementUrl } = simulator;
  return { simulator, callbackPrefix, managementUrl };
}

async function serve(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const controlPlanes = [
  { version: '0.10.0', managementVersion: 'v2', answers: 'v2 and v3' },
  { version: '0.12.0', managementVersion: 'v3', answers: 'v3' },
  { version: '0.15.1', managementVersion: 'v3', answers: 'v3' },
] as const;
for (const { version, managementVersion, answers } of controlPlanes) {
  test(`a control plane of ${version} passes, and keeps no trace`, async (t) => {
    const { simulator, callbackPrefix } = await simulate(t, version);
    assert.deepEqual(shortOf(await probe(t, { callbackPrefix, managementVersion })), [
      'callback passed: answers, and accepts the key',
      `management passed: ${answers} answers, and accepts the key`,
    ]);
    assert.deepEqual(simulator.processes(), []);
  });
}

for (const version of ['0.15.1-data-plane', '0.17.0', '0.18.0'] as const) {
  test(`a data plane of ${version} passes, and its control plane with a key of its own`, async (t) => {
    const { callbackPrefix, managementUrl } = await simulate(t, version, { managementKey: 'other-key' });
    const connector = { dialect: 'data-plane', callbackPrefix, managementUrl };
    assert.deepEqual(shortOf(await probe(t, connector, { KEY: key, MANAGEMENT_KEY: 'other-key' })), [
      'callback passed: answers, and accepts the key',
      `management passed: ${version === '0.18.0' ? 'v3 and v4' : 'v3'} answers, and accepts the key`,
    ]);
  });
}

for (const { vault, shown } of [
  { vault: new Map<string, string>(), shown: ['vault passed: its secrets can be read'] },
  { vault: undefined, shown: ['vault failed: answered 404'] },
]) {
  test(`the vault of a data plane is checked if it is used: ${shown.join()}`, async (t) => {
    const { callbackPrefix, managementUrl } = await simulate(t, '0.18.0', { vault });
    const connector = { dialect: 'data-plane', callbackPrefix, managementUrl, vault: 'secrets-api' };
    const probes = await probe(t, connector, { KEY: key, MANAGEMENT_KEY: key });
    assert.deepEqual(shortOf(probes).slice(2), shown);
    assert.match(probes[2]?.advice ?? '', vault === undefined ? /the module secrets-api/ : /^$/);
    assert.deepEqual([...(vault ?? [])], []);
  });
}

test('a data plane whose control plane is not configured is checked by itself', async (t) => {
  const { callbackPrefix } = await simulate(t, '0.18.0', { callbackKey: undefined });
  assert.deepEqual(shortOf(await probe(t, { dialect: 'data-plane', callbackPrefix }, {})), [
    'callback passed: answers, and asks for no key',
    'management skipped: managementUrl is not set: a transfer that ends is not noticed',
  ]);
});

test('a wrong key fails with the variable to set, and is not shown', async (t) => {
  const { callbackPrefix } = await simulate(t, '0.15.1');
  const probes = await probe(t, { callbackPrefix }, { KEY: 'a-wrong-key-of-the-connector' });
  assert.deepEqual(shortOf(probes), [
    'callback failed: refuses the key (401)',
    'management failed: refuses the key (401)',
  ]);
  for (const { advice } of probes)
    assert.equal(advice, 'set CONNECTOR_EDC_KEY to the key that the connector has there');
  assert.ok(!JSON.stringify(probes).includes('a-wrong-key'));
});

test('a missing key fails with the variable to set', async (t) => {
  const { callbackPrefix, managementUrl } = await simulate(t, '0.18.0');
  const probes = await probe(t, { dialect: 'data-plane', callbackPrefix, managementUrl }, {});
  assert.deepEqual(
    probes.map(({ advice }) => advice),
    ['KEY', 'MANAGEMENT_KEY'].map(
      (name) => `set CONNECTOR_EDC_${name} to the key that the connector has there: none is set`,
    ),
  );
});

test('a version that does not answer fails with the one that does', async (t) => {
  const { callbackPrefix } = await simulate(t, '0.15.1');
  const [, management] = await probe(t, { callbackPrefix, managementVersion: 'v4' });
  assert.partialDeepStrictEqual(management, {
    result: 'failed',
    detail: 'v4 answered 404, but v3 answers',
    advice: 'set managementVersion: v3',
  });
});

test('a wrong path fails with the setting to correct', async (t) => {
  const { managementUrl } = await simulate(t, '0.15.1');
  const probes = await probe(t, { callbackPrefix: `${managementUrl}/other/callback` });
  assert.deepEqual(
    probes.map(({ result, advice = '' }) => [result, advice.split(' ')[0]]),
    [
      ['failed', 'callbackPrefix'],
      ['failed', 'managementUrl'],
    ],
  );
});

test('a control plane without a management API is not asked for it', async (t) => {
  const { callbackPrefix } = await simulate(t, '0.10.0');
  const [, management] = await probe(t, { callbackPrefix, managementVersion: 'none' });
  assert.equal(management?.result, 'skipped');
});

test('a connector that does not listen fails with what to look at', async (t) => {
  const probes = await probe(t, { callbackPrefix: 'http://127.0.0.1:9/management/callback' });
  for (const { result, detail, advice } of probes) {
    assert.equal(result, 'failed');
    assert.match(detail, /^did not answer: .*ECONNREFUSED/);
    assert.match(advice ?? '', /^nothing listens there/);
  }
});

test('a connector that hangs fails at its deadline, and the others are checked', async (t) => {
  const url = await serve(t, () => undefined);
  const { callbackPrefix } = await simulate(t, '0.15.1');
  const dispatcher = new Agent();
  t.after(() => dispatcher.destroy());
  const { config, secrets } = loadConfig({
    env: {
      EDC_JP_STORE_ENDPOINT: 'http://store.test',
      EDC_JP_STORE_BUCKET: 'results',
      EDC_JP_RECONCILER_DELIVERY_TIMEOUT_MILLIS: '500',
      EDC_JP_CONNECTORS: JSON.stringify([
        { name: 'silent', callbackPrefix: `${url}/callback` },
        { name: 'edc', callbackPrefix },
      ]),
      STORE_ACCESS_KEY_ID: 'test',
      STORE_SECRET_ACCESS_KEY: 'test-test-test',
      RESULT_KEYS: `test:${'0'.repeat(32)}`,
      CONNECTOR_EDC_TOKENS: 'token-of-the-connector',
      CONNECTOR_EDC_KEY: key,
      CONNECTOR_SILENT_TOKENS: 'token-of-the-connector',
    },
  });
  const probes = await probeConnectors({ dialects: builtInDialects, config, secrets, dispatcher }, t.signal);
  assert.deepEqual(
    probes.map(({ connector, check, result }) => [connector, check, result]),
    [
      ['silent', 'callback', 'failed'],
      ['silent', 'management', 'failed'],
      ['edc', 'callback', 'passed'],
      ['edc', 'management', 'passed'],
    ],
  );
  assert.match(probes[0]?.detail ?? '', /no whole answer within 500 ms/);
});

test('the token is checked first, and without one nothing else is', async (t) => {
  const tokenServer = await startTokenServer((index) =>
    index === 0 ? { status: 401, body: { error: 'invalid_client' } } : numberedTokens(300)(index),
  );
  t.after(() => tokenServer[Symbol.asyncDispose]());
  const seen: unknown[] = [];
  const url = await serve(t, ({ headers }, response) => {
    seen.push(headers.authorization);
    response.writeHead(404).end('[{"message":"no","type":"ObjectNotFound"}]');
  });
  const managementOauth2 = { tokenEndpoint: tokenServer.url, clientId: 'jobs' };
  const connector = { callbackPrefix: `${url}/management/callback`, managementOauth2 };
  const secrets = { MANAGEMENT_CLIENT_SECRET: 'secret-of-the-client' };
  const refused = await probe(t, connector, secrets);
  assert.deepEqual(
    refused.map(({ check, result }) => [check, result]),
    [
      ['token', 'failed'],
      ['callback', 'skipped'],
      ['management', 'skipped'],
    ],
  );
  assert.match(refused[0]?.advice ?? '', /CONNECTOR_EDC_MANAGEMENT_CLIENT_SECRET$/);
  assert.deepEqual(seen, []);
  const [token, callback] = await probe(t, connector, secrets);
  assert.equal(token?.detail, 'gives a token');
  assert.equal(callback?.detail, 'answers, and accepts the token');
  assert.deepEqual(new Set(seen), new Set(['Bearer token-2']));
});
