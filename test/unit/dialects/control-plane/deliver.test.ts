import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import { deliver, type ControlPlaneDelivery } from '../../../../src/dialects/control-plane/deliver.ts';
import type { ControlPlaneConnector } from '../../../../src/dialects/control-plane/settings.ts';
import { createAccessTokens } from '../../../../src/dialects/access-tokens.ts';
import type { Message } from '../../../../src/reconciler/types.ts';
import { createRedactor } from '../../../../src/redact-secrets.ts';
import { readTraffic, versions } from '../read-traffic.ts';
import { anS3Address } from '../s3-address.ts';
import { startRecordingServer, type ConnectorAnswer } from '../recording-server.ts';

const failed = { kind: 'failure', reason: 'worker-failed', message: 'exit code 1\nand more' } as const;

function results(baseUrl: string): Message {
  return { kind: 'results', address: { type: 'HttpData', baseUrl, method: 'GET' } };
}

for (const version of versions) {
  test(`results are delivered as by the recorded callback: ${version}`, async (t) => {
    const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
    const traffic = await readTraffic(`${version}-control-plane-push`);
    const asked = JSON.parse(traffic.find(({ kind }) => kind === 'request')?.body ?? '') as Record<
      string,
      string
    >;
    const recorded = traffic.find(({ kind }) => kind === 'callback');
    const sentThen = JSON.parse(recorded?.body ?? '') as {
      contentDataAddress: { properties: Record<string, string> };
    };
    const baseUrl = sentThen.contentDataAddress.properties['https://w3id.org/edc/v0.0.1/ns/baseUrl'] ?? '';

    const delivery = await deliver(
      edc.delivery({
        request: request({
          ids: pick(asked),
          assetId: asked['assetId'] ?? '',
          callbackAddress: `${edc.url}/management/callback`,
        }),
        message: results(baseUrl),
      }),
      t.signal,
    );

    assert.deepEqual(delivery, { result: 'delivered', status: 204 });
    const [sent] = edc.requests;
    assert.ok(sent);
    assert.equal(sent.path, recorded?.path);
    assert.equal(sent.headers['x-api-key'], 'management-key');
    assert.equal(sent.headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(sent.body), sentThen);
  });
}

test('plain names are used where they are configured', async (t) => {
  const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
  await deliver(edc.delivery({ connector: { ...edc.connector, addressNames: 'plain' } }), t.signal);
  const { contentDataAddress } = JSON.parse(edc.requests[0]?.body ?? '') as { contentDataAddress: unknown };
  assert.deepEqual(contentDataAddress, {
    properties: { type: 'HttpData', baseUrl: 'http://r/x', method: 'GET' },
  });
});

const doors = [
  { version: 'v2', context: { '@vocab': 'https://w3id.org/edc/v0.0.1/ns/' } },
  { version: 'v3', context: { '@vocab': 'https://w3id.org/edc/v0.0.1/ns/' } },
  { version: 'v4', context: ['https://w3id.org/edc/connector/management/v2'] },
] as const;
for (const { version, context } of doors) {
  test(`a failure terminates the transfer with its reason: management API ${version}`, async (t) => {
    const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
    const connector = { ...edc.connector, managementVersion: version };
    const delivery = await deliver(edc.delivery({ connector, message: failed }), t.signal);
    assert.deepEqual(delivery, { result: 'delivered', status: 204 });
    const [sent] = edc.requests;
    assert.equal(sent?.path, `/management/${version}/transferprocesses/tp-1/terminate`);
    assert.equal(sent.headers['x-api-key'], 'management-key');
    assert.deepEqual(JSON.parse(sent.body), {
      '@context': context,
      '@type': 'TerminateTransfer',
      reason: 'worker-failed: exit code 1 and more',
    });
  });
}

test('a reason is cut before it becomes a burden', async (t) => {
  const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
  await deliver(edc.delivery({ message: { ...failed, message: 'x'.repeat(10_000) } }), t.signal);
  const { reason } = JSON.parse(edc.requests[0]?.body ?? '') as { reason: string };
  assert.equal(reason.length, 500);
});

test('without a management API nobody is asked and the result says so', async (t) => {
  const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
  const connector = { ...edc.connector, managementVersion: 'none' } as const;
  const delivery = await deliver(edc.delivery({ connector, message: failed }), t.signal);
  assert.partialDeepStrictEqual(delivery, { result: 'rejected' });
  assert.deepEqual(edc.requests, []);
});

test('the key never leaves the configured prefix, whatever the Job says', async (t) => {
  const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
  const elsewhere = await startConnector(t, (_, res) => res.writeHead(204).end());
  const callbackAddress = `${elsewhere.url}/management/callback`;
  const delivery = await deliver(edc.delivery({ request: request({ callbackAddress }) }), t.signal);
  assert.partialDeepStrictEqual(delivery, { result: 'rejected' });
  assert.deepEqual(elsewhere.requests, []);
});

test('a redirect is not followed', async (t) => {
  const elsewhere = await startConnector(t, (_, res) => res.writeHead(204).end());
  const edc = await startConnector(t, (_, res) =>
    res.writeHead(307, { location: `${elsewhere.url}/take` }).end(),
  );
  assert.partialDeepStrictEqual(await deliver(edc.delivery({}), t.signal), {
    result: 'failed',
    slowly: true,
  });
  assert.deepEqual(elsewhere.requests, []);
});

const silences = [
  { name: 'hangs', answer: () => undefined },
  { name: 'closes early', answer: (req: IncomingMessage) => req.socket.destroy() },
  {
    name: 'stops in the middle of its answer',
    answer: (_: unknown, res: ServerResponse) =>
      res.writeHead(200, { 'content-length': '10' }).write('x', () => res.destroy()),
  },
  {
    name: 'sends half a body and hangs',
    answer: (_: unknown, res: ServerResponse) => res.writeHead(200, { 'content-length': '10' }).write('x'),
  },
];
for (const { name, answer } of silences) {
  test(`is to be repeated when the connector ${name}, after one attempt`, async (t) => {
    const edc = await startConnector(t, answer);
    assert.partialDeepStrictEqual(await deliver(edc.delivery({ timeoutMillis: 200 }), t.signal), {
      result: 'failed',
    });
    assert.equal(edc.requests.length, 1);
  });
}

test('is to be repeated when nothing listens', async (t) => {
  const edc = await startConnector(t, () => undefined);
  await edc.close();
  const delivery = await deliver(edc.delivery({}), t.signal);
  assert.partialDeepStrictEqual(delivery, { result: 'failed', slowly: false });
  assert.match('problem' in delivery ? delivery.problem : '', /ECONNREFUSED/);
});

test('an answer without end is left after its beginning', async (t) => {
  const edc = await startConnector(t, (_, res) => {
    res.writeHead(400).write('[{"message":"');
    const timer = setInterval(() => res.write('x'.repeat(4096)), 1);
    res.on('close', () => {
      clearInterval(timer);
    });
  });
  assert.partialDeepStrictEqual(await deliver(edc.delivery({ timeoutMillis: 30_000 }), t.signal), {
    result: 'rejected',
    status: 400,
  });
});

const token = `k1~pod-uid~t1ab~~${'Hx_9'.repeat(11)}`.slice(0, -1);
const shown = {
  'a result address': `http://r/results/flow-a/${token}/archive.zip`,
  'a presigned address': `http://s3/b/flows/flow-a/f?X-Amz-Credential=AKIAEXAMPLE0000%2F20260101%2Fs3&X-Amz-Signature=${'0a1b'.repeat(16)}`,
};
for (const [name, baseUrl] of Object.entries(shown)) {
  for (const status of [400, 401, 409, 500]) {
    test(`an answer of ${status} that shows the request keeps neither key nor address: ${name}`, async (t) => {
      const edc = await startConnector(t, (_, res) => {
        const { path, headers = {}, body = '' } = edc.requests[0] ?? {};
        const properties = JSON.parse(body) as { contentDataAddress: { properties: object } };
        const address = Object.values(properties.contentDataAddress.properties).join(' ');
        res.writeHead(status).end(`${headers['x-api-key'] as string} ${address} ${path ?? ''}`);
      });
      const delivery = await deliver(edc.delivery({ message: results(baseUrl) }), t.signal);
      const text = JSON.stringify(delivery);
      assert.match(text, /redacted/);
      assert.doesNotMatch(text, /management-key/);
      for (const secret of [token, '0a1b0a1b', 'AKIAEXAMPLE']) assert.ok(!text.includes(secret), text);
    });
  }
}

test('an address of S3, which it could not use, is not sent', async (t) => {
  const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
  const delivery = await deliver(
    edc.delivery({ message: { kind: 'results', address: anS3Address } }),
    t.signal,
  );
  const problem = 'a control plane cannot carry addresses of AmazonS3';
  assert.deepEqual(delivery, { result: 'rejected', problem, status: 0 });
  assert.deepEqual(edc.requests, []);
});

test('half a secret at the end of an answer that is cut is not kept', async (t) => {
  const edc = await startConnector(t, (_, res) => {
    res.writeHead(400).end(`${'\n'.repeat(8187)}management-key`);
  });
  const delivery = await deliver(edc.delivery({}), t.signal);
  assert.ok(!JSON.stringify(delivery).includes('mana'), JSON.stringify(delivery));
});

test('a reason holds no secret of the service, from any source', async (t) => {
  const edc = await startConnector(t, (_, res) => res.writeHead(204).end());
  const message = { ...failed, message: 'the worker said management-key' };
  await deliver(edc.delivery({ message }), t.signal);
  assert.match(edc.requests[0]?.body ?? '', /the worker said \[redacted\]/);
});

test('an aborted attempt throws: it came to nothing that could be recorded', async (t) => {
  const stop = new AbortController();
  const edc = await startConnector(t, () => {
    stop.abort(new Error('shutting down'));
  });
  await assert.rejects(deliver(edc.delivery({}), stop.signal), /shutting down/);
});

function request(members: Partial<ControlPlaneDelivery['request']>): ControlPlaneDelivery['request'] {
  return {
    dialect: 'control-plane',
    connector: 'edc',
    ids: { transferProcessId: 'tp-1', resourceDefinitionId: 'rd-1' },
    assetId: 'asset',
    template: 'echo',
    acceptedAt: '2026-01-01T00:00:00Z',
    ...members,
  };
}

function pick(asked: Record<string, string>): Record<string, string> {
  return {
    transferProcessId: asked['transferProcessId'] ?? '',
    resourceDefinitionId: asked['resourceDefinitionId'] ?? '',
  };
}

/** A connector that answers as the test wants, with a delivery that reaches it. */
async function startConnector(t: TestContext, answer: ConnectorAnswer) {
  const { url, requests, dispatcher, close } = await startRecordingServer(t, answer);
  const connector: ControlPlaneConnector = {
    name: 'edc',
    dialect: 'control-plane',
    callbackPrefix: `${url}/management/callback`,
    addressNames: 'prefixed',
    managementUrl: `${url}/management`,
    managementVersion: 'v3',
    templates: ['*'],
    resultsUrl: 'http://r',
  };
  function delivery(members: Partial<ControlPlaneDelivery> = {}): ControlPlaneDelivery {
    return {
      connector,
      key: 'management-key',
      flow: 'flow-a',
      request: request({ callbackAddress: connector.callbackPrefix }),
      message: results('http://r/x'),
      timeoutMillis: 30_000,
      dispatcher,
      accessTokens: createAccessTokens(),
      redact: createRedactor([]),
      ...members,
    };
  }
  return { url, requests, connector, delivery, close };
}
