import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unauthenticatedAllowed } from '../../../src/http/unauthenticated-access.ts';
import { memoryFlows } from '../http/memory-flows.ts';
import { ask, provisionBody, startHttp, token } from '../http/start-http.ts';

test('both tokens are valid while one replaces the other', async (t) => {
  const { port } = await startHttp(t);
  for (const valid of [token, 'next-token']) {
    assert.equal(
      (await ask(port, `/connectors/edc/${valid}/provision`, { body: provisionBody() })).status,
      200,
    );
  }
});

test('an unknown connector and a wrong token are answered alike', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  const replies = [];
  for (const name of [
    'edc/wrong',
    `nobody/${token}`,
    `__proto__/${token}`,
    `edc/${token}x`,
    `EDC/${token}`,
  ]) {
    const { status, body } = await ask(port, `/connectors/${name}/provision`, { body: provisionBody() });
    replies.push({ status, body });
  }
  for (const reply of replies) assert.deepEqual(reply, replies[0]);
  assert.equal(replies[0]?.status, 404);
  assert.equal(flows.views.size, 0);
});

test('a connector cannot reach the flows of another with the same ids', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  await ask(port, `/connectors/edc/${token}/provision`, { body: provisionBody() });
  await ask(port, `/connectors/narrow/${token}/provision`, { body: provisionBody({ type: 'deprovision' }) });
  assert.deepEqual(
    Array.from(flows.views.values(), ({ deprovisioned }) => deprovisioned),
    [false],
  );
});

test('a request without a token belongs to the connector whose prefix its callback address has', async (t) => {
  const flows = memoryFlows();
  const { port } = await startHttp(t, { flows });
  assert.equal((await ask(port, '/provision/echo', { body: provisionBody() })).status, 200);
  assert.equal([...flows.views.values()][0]?.request.connector, 'edc');
  const stranger = provisionBody({ callbackAddress: 'http://nobody.example.org/callback' });
  assert.equal((await ask(port, '/provision', { body: stranger })).status, 400);
});

test('a path without a token is not there when it is switched off', async (t) => {
  const { port } = await startHttp(t, { http: { unauthenticated: 'off' } });
  assert.equal((await ask(port, '/provision', { body: provisionBody() })).status, 404);
});

const here = { host: 'localhost:8080' };
const peers = [
  { name: 'this machine', address: '127.0.0.1', headers: here, unauthenticated: 'loopback', allowed: true },
  {
    name: 'this machine by IPv6',
    address: '::1',
    headers: { host: '[::1]:8080' },
    unauthenticated: 'loopback',
    allowed: true,
  },
  {
    name: 'this machine as mapped IPv4',
    address: '::ffff:127.0.0.1',
    headers: here,
    unauthenticated: 'loopback',
    allowed: true,
  },
  {
    name: 'another machine',
    address: '10.1.2.3',
    headers: here,
    unauthenticated: 'loopback',
    allowed: false,
  },
  {
    name: 'somebody behind a proxy here',
    address: '127.0.0.1',
    headers: { ...here, 'x-forwarded-for': '10.1.2.3' },
    unauthenticated: 'loopback',
    allowed: false,
  },
  {
    name: 'a web page whose name points here',
    address: '127.0.0.1',
    headers: { host: 'evil.example:8080' },
    unauthenticated: 'loopback',
    allowed: false,
  },
  {
    name: 'an address that only begins alike',
    address: '127.0.0.1.evil',
    headers: here,
    unauthenticated: 'loopback',
    allowed: false,
  },
  {
    name: 'everybody, where that is set',
    address: '10.1.2.3',
    headers: {},
    unauthenticated: 'on',
    allowed: true,
  },
  {
    name: 'this machine, where it is off',
    address: '127.0.0.1',
    headers: here,
    unauthenticated: 'off',
    allowed: false,
  },
] as const;
for (const { name, address, headers, unauthenticated, allowed } of peers) {
  test(`${name} ${allowed ? 'may' : 'may not'} go without a token`, () => {
    const peer = { socket: { remoteAddress: address }, headers } as unknown as Parameters<
      typeof unauthenticatedAllowed
    >[0];
    assert.equal(unauthenticatedAllowed(peer, unauthenticated), allowed);
  });
}
