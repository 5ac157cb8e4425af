import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import { createRefusals } from '../../../src/http/refusals.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { askRaw, readReplies } from './ask-raw.ts';
import { memoryFlows } from './memory-flows.ts';
import { ask, provisionBody, startHttp, token } from './start-http.ts';

const path = `/connectors/edc/${token}/provision`;

const refused = [
  {
    name: 'a callback address that means the same and is not the same',
    path,
    body: provisionBody({ callbackAddress: 'http://EDC.example.org:8181/management/callback' }),
    told: {
      connector: 'edc',
      status: 400,
      code: 'invalid-request',
      field: 'callbackAddress',
      detail:
        'callbackAddress: expected an address below http://edc.example.org/management/callback, in plain spelling, received http://edc.example.org:8181/management/callback',
      path: '/connectors/edc/:token/provision',
    },
  },
  {
    name: 'an asset that no template serves',
    path,
    body: provisionBody({ assetId: 'no-asset' }),
    told: { connector: 'edc', status: 404, code: 'unknown-template', field: 'template' },
  },
  {
    name: 'a wrong token',
    path: '/connectors/edc/a-wrong-token-of-the-connector/provision',
    body: provisionBody(),
    told: {
      connector: 'edc',
      status: 404,
      code: 'unknown-connector',
      path: '/connectors/edc/:token/provision',
    },
  },
  {
    name: 'a connector that is not configured',
    path: `/connectors/stranger/${token}/provision`,
    body: provisionBody(),
    told: { connector: undefined, code: 'unknown-connector', path: '/connectors/stranger/:token/provision' },
  },
  {
    name: 'a path below a prefix that was not taken away',
    path: `/edc${path}`,
    body: provisionBody(),
    told: { connector: undefined, status: 404, code: 'not-found', path: '/edc/…' },
  },
];
for (const { name, path: where, body, told } of refused) {
  test(`a refused request leaves its reason in the log: ${name}`, async (t) => {
    const { log, entries } = memoryLog();
    const { port, server } = await startHttp(t, { log });
    await ask(port, where, { body });
    await server.close();
    const [warning, ...others] = entries('request refused');
    assert.equal(others.length, 0);
    assert.equal(warning?.['level'], 40);
    const members = Object.keys(told).map((member) => [member, warning[member]]);
    assert.deepEqual(Object.fromEntries(members), told);
    assert.deepEqual(
      entries('request').map(({ answer }) => answer),
      [undefined],
      'nothing says that it was accepted',
    );
  });
}

test('a connector that spins does not fill the log: of many refusals alike one is logged', async (t) => {
  const { log, entries, lines } = memoryLog('info');
  const { port, server } = await startHttp(t, { log });
  for (let asked = 0; asked < 50; asked += 1)
    await ask(port, '/connectors/edc/wrong/provision', { body: provisionBody() });
  await ask(port, path, { body: provisionBody({ assetId: 'no-asset' }) });
  await server.close();
  assert.deepEqual(
    entries('request refused').map(({ code }) => code),
    ['unknown-connector', 'unknown-template'],
  );
  assert.equal(lines.length, 4);
});

test('of many requests that fail alike one is logged', async (t) => {
  const { log, entries } = memoryLog();
  const flows = memoryFlows({
    accept: () => Promise.reject(new ServiceError('cluster-unavailable', 'down')),
  });
  const { port, server } = await startHttp(t, { log, flows });
  for (let asked = 0; asked < 20; asked += 1) await ask(port, path, { body: provisionBody() });
  await server.close();
  assert.equal(entries('request failed').length, 1);
});

for (const { name, http, where } of [
  { name: 'a wrong token', http: {}, where: '/connectors/edc/wrong/provision' },
  { name: 'no such connector', http: {}, where: `/connectors/nobody/${token}/provision` },
  {
    name: 'a path without a token that is not served',
    http: { unauthenticated: 'off' as const },
    where: '/provision',
  },
]) {
  test(`the answer does not wait for a body that nobody will read: ${name}`, async (t) => {
    const { port } = await startHttp(t, { http });
    const head = `POST ${where} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
    const [reply] = readReplies(await askRaw(port, head));
    assert.equal(reply?.status, 404);
  });
}

test('a stranger that makes up paths hides no refusal of a connector', async (t) => {
  const { log, entries } = memoryLog();
  const refusals = createRefusals(() => new Date());
  const { port, server } = await startHttp(t, { log, refusals });
  await ask(port, path, { body: provisionBody({ assetId: 'no-asset' }) });
  for (let asked = 0; asked < 300; asked += 1) {
    await ask(port, `/path-${asked}`);
    await ask(port, `/connectors/edc/wrong/provision/template-${asked}`, { body: '{}' });
  }
  await ask(port, path, {
    body: provisionBody({ callbackAddress: 'http://elsewhere.example.org/callback' }),
  });
  await server.close();
  assert.deepEqual(
    entries('request refused').map(({ code }) => code),
    ['unknown-template', 'not-found', 'unknown-connector', 'invalid-request'],
  );
  const { edc = [], '(unknown)': others = [] } = refusals.list();
  assert.deepEqual(
    [...edc, ...others].map(({ code, count }) => [code, count]),
    [
      ['invalid-request', 1],
      ['unknown-connector', 300],
      ['unknown-template', 1],
      ['not-found', 300],
    ],
  );
});
