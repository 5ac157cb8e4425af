import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { Agent } from 'undici';
import {
  chunkSize,
  pollTransfers,
  readTransfers,
  type TransferProcessQuery,
} from '../../../../src/dialects/edc/poll-transfers.ts';
import type { ManagementApi } from '../../../../src/dialects/edc/management-messages.ts';
import type { PolledFlow } from '../../../../src/reconciler/types.ts';
import { type ConnectorVersion, startConnectorSimulator } from 'connector-simulator';
import { aFlow } from '../../../support/flow-values.ts';

const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

function flowOf(id: string): PolledFlow {
  const { request } = aFlow();
  return { name: `flow-${id}`, request: { ...request, ids: { ...request.ids, transferProcessId: id } } };
}

function queryOf(
  t: TestContext,
  { managementUrl, managementVersion = 'v3' }: Partial<ManagementApi>,
  flows: PolledFlow[],
): TransferProcessQuery & { counted: string[] } {
  const dispatcher = new Agent();
  t.after(() => dispatcher.destroy());
  const counted: string[] = [];
  return {
    api: { managementUrl: managementUrl ?? '', managementVersion },
    processId: 'transferProcessId',
    access: { key: 'management-key' },
    flows,
    timeoutMillis: 30_000,
    dispatcher,
    count: (result) => counted.push(result),
    counted,
  };
}

const rows: { version: ConnectorVersion; managementVersion: 'v2' | 'v3' | 'v4' }[] = [
  { version: '0.10.0', managementVersion: 'v2' },
  { version: '0.10.0', managementVersion: 'v3' },
  { version: '0.15.1', managementVersion: 'v3' },
  { version: '0.15.1', managementVersion: 'v4' },
];
for (const { version, managementVersion } of rows) {
  test(`a connector of ${version} tells by ${managementVersion} which transfers have ended`, async (t) => {
    const simulator = await startConnectorSimulator({
      version,
      managementVersions: ['v2', 'v3', 'v4'],
      managementKey: 'management-key',
      provisionUrl: 'http://127.0.0.1:9/',
      assets: { asset: { ownContent: '' } },
    });
    t.after(() => simulator.stop());
    simulator.pause();
    // More than the page that a connector sends of its own accord.
    const ids = Array.from({ length: 120 }, (_, index) => `process-${index}`);
    for (const transferProcessId of ids) simulator.startTransfer({ assetId: 'asset', transferProcessId });
    assert.equal(simulator.terminateByConsumer('process-7'), true);
    const { managementUrl } = simulator;

    const query = queryOf(t, { managementUrl, managementVersion }, [...ids, 'other'].map(flowOf));
    const { states, problem } = await pollTransfers(query, t.signal);
    assert.equal(problem, undefined);
    assert.equal(states.size, 121);
    const others = [...states].filter(([, { is }]) => is !== 'open');
    assert.deepEqual(others, [
      ['flow-process-7', { is: 'ended', state: 'TERMINATED' }],
      ['flow-other', { is: 'missing' }],
    ]);
    assert.equal(simulator.exchanges({ kind: 'management' }).length, 2);
    assert.deepEqual(query.counted, ['answered', 'answered']);

    const one = await pollTransfers(
      queryOf(t, { managementUrl, managementVersion }, [flowOf('process-7')]),
      t.signal,
    );
    assert.deepEqual([...one.states], [['flow-process-7', { is: 'ended', state: 'TERMINATED' }]]);
  });
}

interface Seen {
  url: string;
  key: string | string[] | undefined;
  body: { limit: number; filterExpression: { operator: string; operandRight: string | string[] }[] };
}

/** A management API that answers what the test says. */
async function startApi(
  t: TestContext,
  answer: (index: number) => { status: number; body: string; location?: string },
) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { status, body: answered, location } = answer(seen.length);
      seen.push({
        url: request.url ?? '',
        key: request.headers['x-api-key'],
        body: JSON.parse(body) as Seen['body'],
      });
      response.writeHead(status, location === undefined ? {} : { location }).end(answered);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { seen, managementUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/management` };
}

test('one request asks for a hundred processes, each once, and the last one for the rest', async (t) => {
  const { seen, managementUrl } = await startApi(t, () => ({ status: 200, body: '[]' }));
  const flows = Array.from({ length: 2 * chunkSize + 1 }, (_, index) => flowOf(`p${index}`));
  const twice = { ...flowOf('p0'), name: 'flow-of-the-same-process' };
  const { states } = await pollTransfers(queryOf(t, { managementUrl }, [twice, ...flows]), t.signal);
  assert.equal(states.size, 2 * chunkSize + 2);
  assert.deepEqual(
    seen.map(({ body: { limit, filterExpression } }) => [limit, filterExpression[0]?.operator]),
    [
      [chunkSize - 1, 'in'],
      [chunkSize, 'in'],
      [2, 'in'],
    ],
  );
  assert.deepEqual(seen.map(({ url, key }) => [url, key])[0], [
    '/management/v3/transferprocesses/request',
    'management-key',
  ]);
});

test('a list of one is asked for as one, which old releases want', async (t) => {
  const { seen, managementUrl } = await startApi(t, () => ({ status: 200, body: '[]' }));
  await pollTransfers(queryOf(t, { managementUrl }, [flowOf('p')]), t.signal);
  const { operator, operandRight } = seen[0]?.body.filterExpression[0] ?? {};
  assert.deepEqual({ operator, operandRight }, { operator: '=', operandRight: 'p' });
});

test('a flow whose Job was broken by hand is left out, and keeps no other from being asked for', async (t) => {
  const { seen, managementUrl } = await startApi(t, () => ({ status: 200, body: '[]' }));
  const { request } = aFlow();
  const broken = { name: 'flow-broken', request: { ...request, ids: {} } };
  const { states } = await pollTransfers(queryOf(t, { managementUrl }, [broken, flowOf('p')]), t.signal);
  assert.deepEqual([...states.keys()], ['flow-p']);
  assert.equal(seen.length, 1);
  await pollTransfers(queryOf(t, { managementUrl }, [broken]), t.signal);
  assert.equal(seen.length, 1);
});

test('after a request that fails no other follows, and what was answered before holds', async (t) => {
  const { seen, managementUrl } = await startApi(t, (index) => ({
    status: index === 0 ? 200 : 503,
    body: '[]',
  }));
  const flows = Array.from({ length: 5 * chunkSize }, (_, index) => flowOf(`p${index}`));
  const query = queryOf(t, { managementUrl }, flows);
  const { states, problem } = await pollTransfers(query, t.signal);
  assert.equal(seen.length, 2);
  assert.equal(states.size, chunkSize);
  assert.equal(problem, 'answered 503');
  assert.deepEqual(query.counted, ['answered', 'failed']);
});

test('a list of other processes says nothing about the ones that were asked for', async (t) => {
  const body = JSON.stringify([{ '@id': 'newest', state: 'STARTED' }]);
  const { managementUrl } = await startApi(t, () => ({ status: 200, body }));
  const { states, problem } = await pollTransfers(queryOf(t, { managementUrl }, [flowOf('p')]), t.signal);
  assert.equal(states.size, 0);
  assert.match(problem ?? '', /the filter was not applied/);
});

test('a redirect is not followed, since the key would go with it', async (t) => {
  const other = await startApi(t, () => ({ status: 200, body: '[]' }));
  const { managementUrl } = await startApi(t, () => ({
    status: 307,
    body: '',
    location: other.managementUrl,
  }));
  const { states, problem } = await pollTransfers(queryOf(t, { managementUrl }, [flowOf('p')]), t.signal);
  assert.match(problem ?? '', /^answered 307/);
  assert.equal(states.size, 0);
  assert.deepEqual(other.seen, []);
});

test('an answer without end is cut, and tells nothing', async (t) => {
  const endless = `[${'{"@id":"p","state":"TERMINATED"},'.repeat(200_000)}{}]`;
  const { managementUrl } = await startApi(t, () => ({ status: 200, body: endless }));
  const { states, problem } = await pollTransfers(queryOf(t, { managementUrl }, [flowOf('p')]), t.signal);
  assert.equal(states.size, 0);
  assert.match(problem ?? '', /without a list/);
});

const answers: { name: string; body: string; states?: [string, string][]; problem?: RegExp }[] = [
  { name: 'plain names', body: '[{"@id":"p","state":"STARTED"}]', states: [['p', 'STARTED']] },
  {
    name: 'a process as EDC 0.10.0 sends it',
    body: `[{"@id":"2114ea2f","@type":"TransferProcess","state":"DEPROVISIONED","stateTimestamp":1795810971193,"type":"PROVIDER",
      "callbackAddresses":[],"correlationId":"35c93bc6","assetId":"job-asset","contractId":"d8d1617e","transferType":"HttpData-PUSH",
      "errorDetail":"x","dataDestination":{"@type":"DataAddress","type":"HttpData","baseUrl":"http://127.0.0.1:4000/sink"},
      "@context":{"@vocab":"${namespace}","edc":"${namespace}","odrl":"http://www.w3.org/ns/odrl/2/"}}]`,
    states: [['2114ea2f', 'DEPROVISIONED']],
  },
  { name: 'the prefix of old releases', body: '[{"@id":"p","edc:state":"ENDED"}]', states: [['p', 'ENDED']] },
  {
    name: 'expanded names',
    body: `[{"@id":"p","${namespace}state":[{"@value":"TERMINATED"}]}]`,
    states: [['p', 'TERMINATED']],
  },
  { name: 'nothing', body: '[]', states: [] },
  { name: 'another shape', body: '{"items":[]}', problem: /without a list/ },
  { name: 'no JSON', body: '<html>', problem: /without a list/ },
  { name: 'a list of something else', body: '[1]', problem: /without a list/ },
  {
    name: 'an item without a state',
    body: '[{"@id":"p","state":"STARTED"},{"@id":"q"}]',
    problem: /without @id or state/,
  },
];
for (const { name, body, states, problem } of answers) {
  test(`an answer with ${name} is ${states === undefined ? 'a problem' : 'read'}`, () => {
    const read = readTransfers({ got: 'answer', status: 200, body });
    if (states !== undefined) assert.deepEqual(read, { states: new Map(states) });
    else assert.match('problem' in read ? read.problem : '', problem ?? /^$/);
  });
}

test('what a connector sends with an error is not repeated: it may hold the key', () => {
  const read = readTransfers({ got: 'answer', status: 401, body: 'x-api-key: management-key' });
  assert.deepEqual(read, {
    problem:
      'answered 401: are the credentials of the management API right, and may they read transfer processes?',
  });
});
