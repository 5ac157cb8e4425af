import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { deliver, type DataPlaneDelivery } from '../../../../src/dialects/data-plane/deliver.ts';
import type { DataPlaneConnector } from '../../../../src/dialects/data-plane/settings.ts';
import { createAccessTokens } from '../../../../src/dialects/access-tokens.ts';
import type { Message } from '../../../../src/reconciler/types.ts';
import { createRedactor } from '../../../../src/redact-secrets.ts';
import { anS3Address } from '../s3-address.ts';
import { readTraffic } from '../read-traffic.ts';
import { startRecordingServer, type ConnectorAnswer } from '../recording-server.ts';

const namespace = 'https://w3id.org/edc/v0.0.1/ns/';
const failed = { kind: 'failure', reason: 'worker-failed', message: 'exit code 1' } as const;
const deprovisioned = { kind: 'deprovisioned' } as const;

function results(baseUrl: string): Message {
  return { kind: 'results', address: { type: 'HttpData', baseUrl, method: 'GET' } };
}

const s3Results: Message = { kind: 'results', address: anS3Address };

for (const version of ['0.15.1', '0.17.0', '0.18.0']) {
  test(`results are delivered as by the recorded callback: ${version}`, async (t) => {
    const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
    const traffic = await readTraffic(`${version}-data-plane-push`);
    const asked = JSON.parse(traffic.find(({ kind }) => kind === 'request')?.body ?? '') as Ids;
    const recorded = traffic.find(({ kind }) => kind === 'callback');
    const sentThen = JSON.parse(recorded?.body ?? '') as Provisioned;
    const baseUrl = sentThen.dataAddress.properties[`${namespace}baseUrl`] ?? '';
    const { flowId, provisionResourceId } = asked;
    const request = aRequest({ ids: { flowId, provisionResourceId }, callbackAddress: plane.prefix });

    const delivery = await deliver(plane.delivery({ request, message: results(baseUrl) }), t.signal);

    assert.deepEqual(delivery, { result: 'delivered', status: 204 });
    const [sent] = plane.requests;
    assert.equal(sent?.path, recorded?.path);
    assert.equal(sent?.headers['x-api-key'], 'callback-key');
    assert.deepEqual(propertiesOf(sent.body), {
      ...sentThen.dataAddress.properties,
      [`${namespace}method`]: 'GET',
    });
  });
}

test('without a key a callback carries none, and never the key of the management API', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  await deliver(plane.delivery({ key: undefined, managementKey: 'management-key' }), t.signal);
  assert.equal(plane.requests[0]?.headers['x-api-key'], undefined);
  assert.ok(!JSON.stringify(plane.requests).includes('management-key'));
});

test('a failure is delivered as an address that refuses, with the reason and without the message', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  const delivery = await deliver(plane.delivery({ message: failed }), t.signal);
  assert.deepEqual(delivery, { result: 'delivered', status: 204 });
  const [sent] = plane.requests;
  assert.match(sent?.path ?? '', /\/flow-1\/resource-1\/provision$/);
  assert.equal(
    propertiesOf(sent?.body)[`${namespace}baseUrl`],
    'http://r/results/flow-a/failed/worker-failed',
  );
});

test('a deprovision is confirmed without a body', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  await deliver(plane.delivery({ message: deprovisioned }), t.signal);
  const [sent] = plane.requests;
  assert.match(sent?.path ?? '', /\/flow-1\/resource-1\/deprovision$/);
  assert.equal(sent?.body, '');
});

const unclear: { name: string; answer: ConnectorAnswer }[] = [
  { name: 'the connection is lost after the request', answer: (req) => req.socket.destroy() },
  { name: 'the answer does not come in time', answer: () => undefined },
  { name: 'the data plane fails', answer: (_, res) => res.writeHead(500).end('<html>') },
];
for (const { name, answer } of unclear) {
  test(`a callback may have been taken, and a confirmation is repeated, if ${name}`, async (t) => {
    const plane = await startDataPlane(t, answer);
    const one = { timeoutMillis: 200 };
    assert.partialDeepStrictEqual(await deliver(plane.delivery(one), t.signal), { result: 'unknown' });
    const confirmation = plane.delivery({ ...one, message: deprovisioned });
    assert.partialDeepStrictEqual(await deliver(confirmation, t.signal), { result: 'failed' });
    assert.equal(plane.requests.length, 2, 'each was sent once');
  });
}

test('a callback that was never sent is repeated', async (t) => {
  const plane = await startDataPlane(t, () => undefined);
  await plane.close();
  assert.partialDeepStrictEqual(await deliver(plane.delivery({}), t.signal), {
    result: 'failed',
    slowly: false,
  });
});

test('each callback has a connection of its own, so that none is lost on one that was closed', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  await deliver(plane.delivery({}), t.signal);
  await deliver(plane.delivery({}), t.signal);
  assert.equal(new Set(plane.requests.map(({ port }) => port)).size, 2);
});

test('the key never leaves the configured prefix, whatever the Job says', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  const elsewhere = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  const request = aRequest({ callbackAddress: elsewhere.prefix });
  for (const message of [results('http://r/x'), failed, deprovisioned]) {
    const delivery = await deliver(plane.delivery({ request, message }), t.signal);
    assert.partialDeepStrictEqual(delivery, { result: 'rejected' });
  }
  assert.deepEqual([...plane.requests, ...elsewhere.requests], []);
});

test('an address of S3 is not sent to a connector whose vault is not used', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  const delivery = await deliver(plane.delivery({ message: s3Results }), t.signal);
  const problem = 'its connector has no vault to put keys for S3 into';
  assert.deepEqual(delivery, { result: 'rejected', problem, status: 0 });
  assert.deepEqual(plane.requests, []);
});

test('the keys of an address of S3 are in the vault before the callback, which has only their name', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(204).end());
  assert.partialDeepStrictEqual(await deliver(plane.withVault({ message: s3Results }), t.signal), {
    result: 'delivered',
  });
  const [stored, callback, ...more] = plane.requests;
  assert.ok(stored !== undefined && callback !== undefined && more.length === 0);
  assert.deepEqual([stored.method, stored.path], ['POST', '/management/v3/secrets']);
  assert.equal(stored.headers['x-api-key'], 'management-key');
  const { '@id': id, value, '@type': type } = JSON.parse(stored.body) as Record<string, string>;
  assert.deepEqual([id, type], ['edc-job-provisioner-flow-a', 'Secret']);
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = anS3Address.keys;
  assert.deepEqual(JSON.parse(value ?? ''), {
    edctype: 'dataspaceconnector:secrettoken',
    ...{ accessKeyId, secretAccessKey, sessionToken },
    expiration: Date.parse(expiration),
  });
  assert.equal(callback.headers['x-api-key'], 'callback-key');
  assert.deepEqual(propertiesOf(callback.body), {
    [`${namespace}type`]: 'AmazonS3',
    [`${namespace}bucketName`]: 'results',
    [`${namespace}region`]: 'eu-central-1',
    [`${namespace}endpointOverride`]: 'https://s3.example.org',
    [`${namespace}objectPrefix`]: 'flows/flow-a/uid/files/',
    [`${namespace}keyName`]: 'edc-job-provisioner-flow-a',
  });
});

test('a repeat replaces the keys of an earlier attempt', async (t) => {
  const plane = await startDataPlane(t, (req, res) => {
    res.writeHead(req.method === 'POST' && req.url?.endsWith('/secrets') === true ? 409 : 204).end();
  });
  assert.partialDeepStrictEqual(await deliver(plane.withVault({ message: s3Results }), t.signal), {
    result: 'delivered',
  });
  const [created, replaced, callback] = plane.requests;
  assert.deepEqual([replaced?.method, replaced?.path], ['PUT', '/management/v3/secrets']);
  assert.equal(replaced?.body, created?.body);
  assert.match(callback?.path ?? '', /\/provision$/);
});

for (const { status, slowly } of [
  { status: 500, slowly: false },
  { status: 401, slowly: true },
  { status: 404, slowly: true },
]) {
  test(`without its keys an address is not sent, and an answer that shows them keeps none: ${status}`, async (t) => {
    const plane = await startDataPlane(t, (_, res) => {
      const { headers, body } = plane.requests[0] ?? assert.fail();
      res.writeHead(status).end(`${headers['x-api-key'] as string} ${body}`);
    });
    const delivery = await deliver(plane.withVault({ message: s3Results }), t.signal);
    assert.partialDeepStrictEqual(delivery, { result: 'failed', slowly });
    assert.equal(plane.requests.length, 1);
    const text = JSON.stringify(delivery);
    assert.ok(text.includes(`the vault of the connector: answered ${status}: [redacted]`), text);
    for (const secret of ['management-key', anS3Address.keys.secretAccessKey, anS3Address.keys.sessionToken])
      assert.ok(!text.includes(secret), text);
  });
}

for (const status of [204, 404]) {
  test(`a deprovision removes the keys before it is confirmed: ${status}`, async (t) => {
    const plane = await startDataPlane(t, (req, res) =>
      res.writeHead(req.method === 'DELETE' ? status : 204).end(),
    );
    await deliver(plane.withVault({ message: deprovisioned }), t.signal);
    assert.deepEqual(
      plane.requests.map(({ method, path }) => `${method ?? ''} ${path ?? ''}`),
      [
        'DELETE /management/v3/secrets/edc-job-provisioner-flow-a',
        'POST /provisioning/flow-1/resource-1/deprovision',
      ],
    );
  });
}

test('a deprovision is confirmed later if the keys may still be there', async (t) => {
  const plane = await startDataPlane(t, (_, res) => res.writeHead(503).end());
  const delivery = await deliver(plane.withVault({ message: deprovisioned }), t.signal);
  assert.partialDeepStrictEqual(delivery, { result: 'failed' });
  assert.equal(plane.requests.length, 1);
});

test('an answer that shows the request keeps neither key nor address', async (t) => {
  const token = `k1~pod-uid~t1ab~~${'Hx_9'.repeat(11)}`.slice(0, -1);
  const plane = await startDataPlane(t, (req, res) =>
    res.writeHead(500).end(`${String(req.headers['x-api-key'])} http://r/results/flow-a/${token}/x.zip`),
  );
  const message = results(`http://r/results/flow-a/${token}/x.zip`);
  const text = JSON.stringify(await deliver(plane.delivery({ message }), t.signal));
  assert.match(text, /redacted/);
  for (const secret of ['callback-key', token]) assert.ok(!text.includes(secret), text);
});

test('an aborted attempt throws: it came to nothing that could be recorded', async (t) => {
  const stop = new AbortController();
  const plane = await startDataPlane(t, () => {
    stop.abort(new Error('shutting down'));
  });
  await assert.rejects(deliver(plane.delivery({}), stop.signal), /shutting down/);
});

interface Ids {
  flowId: string;
  provisionResourceId: string;
}

interface Provisioned {
  dataAddress: { properties: Record<string, string> };
}

function propertiesOf(body = ''): Record<string, string> {
  return (JSON.parse(body) as Provisioned).dataAddress.properties;
}

function aRequest(members: Partial<DataPlaneDelivery['request']>): DataPlaneDelivery['request'] {
  return {
    dialect: 'data-plane',
    connector: 'edc',
    ids: { flowId: 'flow-1', provisionResourceId: 'resource-1' },
    assetId: 'asset',
    template: 'echo',
    acceptedAt: '2026-01-01T00:00:00Z',
    ...members,
  };
}

/** A data plane that answers as the test wants, with a delivery that reaches it. */
async function startDataPlane(t: TestContext, answer: ConnectorAnswer) {
  const { url, requests, dispatcher, close } = await startRecordingServer(t, answer);
  const prefix = `${url}/provisioning`;
  const connector: DataPlaneConnector = {
    name: 'edc',
    dialect: 'data-plane',
    callbackPrefix: prefix,
    managementVersion: 'v3',
    vault: 'none',
    templates: ['*'],
    resultsUrl: 'http://r',
  };
  function delivery(members: Partial<DataPlaneDelivery> = {}): DataPlaneDelivery {
    return {
      connector,
      key: 'callback-key',
      flow: 'flow-a',
      request: aRequest({ callbackAddress: prefix }),
      message: results('http://r/x'),
      timeoutMillis: 30_000,
      dispatcher,
      accessTokens: createAccessTokens(),
      redact: createRedactor([]),
      ...members,
    };
  }
  function withVault(members: Partial<DataPlaneDelivery>): DataPlaneDelivery {
    const vault = { managementUrl: `${url}/management`, vault: 'secrets-api' } as const;
    return delivery({
      connector: { ...connector, ...vault },
      managementKey: 'management-key',
      redact: createRedactor(['management-key']),
      ...members,
    });
  }
  return { prefix, requests, delivery, withVault, close };
}
