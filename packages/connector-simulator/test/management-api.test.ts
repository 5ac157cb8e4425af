import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorVersion } from '../src/versions.ts';
import { key, post, requestedTransfer, startBench } from './scripted-provisioner.ts';

const context = { '@vocab': 'https://w3id.org/edc/v0.0.1/ns/' };
const terminate = { '@context': context, '@type': 'TerminateTransfer', reason: 'the worker exited with 1' };

const paths: { version: ConnectorVersion; api: string; status: number }[] = [
  { version: '0.10.0', api: 'v2', status: 204 },
  { version: '0.10.0', api: 'v3', status: 204 },
  { version: '0.11.1', api: 'v2', status: 404 },
  { version: '0.11.1', api: 'v3', status: 204 },
  { version: '0.12.0', api: 'v3', status: 204 },
  { version: '0.15.1', api: 'v2', status: 404 },
  { version: '0.15.1', api: 'v3', status: 204 },
];
for (const { version, api, status } of paths) {
  test(`at ${version} a termination through ${api} is answered ${status}`, async (t) => {
    const bench = await startBench(t, { version });
    const { id } = await requestedTransfer(bench);
    const answer = await post(
      `${bench.simulator.managementUrl}/${api}/transferprocesses/${id}/terminate`,
      terminate,
    );
    assert.equal(answer.status, status);
    if (status !== 204) return;
    const process = await bench.simulator.waitFor(id, 'DEPROVISIONED');
    assert.equal(process.errorDetail, terminate.reason);
    assert.deepEqual(process.consumer, { state: 'TERMINATED', reason: terminate.reason });
    assert.equal(bench.seen.length, 1, 'no deprovision request comes');
  });
}

const refused: { name: string; body: unknown; headers?: Record<string, string>; status: number }[] = [
  { name: 'without reason', body: { '@context': context }, status: 400 },
  { name: 'without context', body: { reason: 'x' }, status: 400 },
  { name: 'that is no JSON', body: 'reason=x', status: 400 },
  { name: 'with a wrong key', body: terminate, headers: { 'x-api-key': 'other' }, status: 401 },
];
for (const { name, body, headers, status } of refused) {
  test(`a termination ${name} is a ${status} and moves nothing`, async (t) => {
    const bench = await startBench(t);
    const { id } = await requestedTransfer(bench);
    const url = `${bench.simulator.managementUrl}/v3/transferprocesses/${id}/terminate`;
    assert.equal((await post(url, body, headers)).status, status);
    assert.equal(bench.simulator.process(id).state, 'PROVISIONING_REQUESTED');
  });
}

test('the reason may be given by its full name', async (t) => {
  const bench = await startBench(t);
  const { id } = await requestedTransfer(bench);
  const url = `${bench.simulator.managementUrl}/v3/transferprocesses/${id}/terminate`;
  assert.equal((await post(url, { 'https://w3id.org/edc/v0.0.1/ns/reason': 'x' })).status, 204);
});

test('a termination of an unknown transfer is a 404, of an ended one a 409', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  const base = `${bench.simulator.managementUrl}/v3/transferprocesses`;
  assert.equal((await post(`${base}/unknown/terminate`, terminate)).status, 404);
  await callBack();
  await bench.simulator.waitFor(id, 'DEPROVISIONED');
  const late = await post(`${base}/${id}/terminate`, terminate);
  assert.equal(late.status, 409);
  assert.match(late.text, /because it's DEPROVISIONED/);
  assert.equal(bench.simulator.process(id).consumer.state, 'COMPLETED');
});

test('the state and the process can be read', async (t) => {
  const bench = await startBench(t);
  const { id } = await requestedTransfer(bench);
  const base = `${bench.simulator.managementUrl}/v3/transferprocesses`;
  assert.equal((await get(`${base}/${id}/state`))['state'], 'PROVISIONING_REQUESTED');
  bench.simulator.terminateByProvider(id, 'why');
  await bench.simulator.waitFor(id, 'DEPROVISIONED');
  const process = await get(`${base}/${id}`);
  assert.equal(process['@id'], id);
  assert.equal(process['state'], 'DEPROVISIONED');
  assert.equal(process['errorDetail'], 'why');
});

const query = { '@context': context, '@type': 'QuerySpec' };
const byId = { operandLeft: 'id', operator: 'in' };

test('transfers are listed by a query: those of its ids, and 50 where it names no limit', async (t) => {
  const bench = await startBench(t);
  bench.simulator.pause();
  const ids = Array.from({ length: 60 }, () => bench.simulator.startTransfer({ assetId: 'job-asset' }).id);
  const url = `${bench.simulator.managementUrl}/v3/transferprocesses/request`;
  const filterExpression = [{ ...byId, operandRight: [ids[59], 'unknown', ids[3]] }];
  assert.deepEqual(await idsOf(url, { ...query, filterExpression }), [ids[3], ids[59]]);
  assert.deepEqual(await idsOf(url, query), ids.slice(0, 50));
  assert.deepEqual(await idsOf(url, { ...query, offset: 50, limit: 5 }), ids.slice(50, 55));
  assert.deepEqual(
    await idsOf(url, { filterExpression }),
    ids.slice(0, 50),
    'without a context nothing is read',
  );
});

test('a query that no connector takes is a 400', async (t) => {
  const bench = await startBench(t, { managementVersions: ['v3', 'v4'] });
  const url = `${bench.simulator.managementUrl}/v3/transferprocesses/request`;
  const several = { operandLeft: 'id', operator: '=', operandRight: ['a', 'b'] };
  assert.equal((await post(url, { ...query, limit: 0 })).status, 400);
  assert.equal((await post(url, { ...query, filterExpression: [several] })).status, 400);
  assert.equal((await post(url.replace('v3', 'v4'), query)).status, 400);
  assert.equal((await post(url, query, { 'x-api-key': 'other' })).status, 401);
});

async function idsOf(url: string, body: unknown): Promise<unknown[]> {
  const answer = await post(url, body);
  assert.equal(answer.status, 200);
  return (JSON.parse(answer.text) as Record<string, unknown>[]).map((process) => process['@id']);
}

async function get(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { headers: { 'x-api-key': key } });
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}

test('secrets are created once, replaced, read and removed, and only where there is a vault', async (t) => {
  const vault = new Map<string, string>();
  const { simulator } = await startBench(t, { vault });
  const url = `${simulator.managementUrl}/v3/secrets`;
  async function ask(method: string, path = '', body?: object): Promise<number> {
    const headers = { 'x-api-key': key, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, { method, headers, ...sent });
    await response.body?.cancel();
    return response.status;
  }
  const secret = { '@context': context, '@type': 'Secret', '@id': 'a', value: 'one' };
  assert.equal(await ask('PUT', '', secret), 404);
  assert.equal(await ask('POST', '', { '@id': 'a' }), 400);
  assert.equal(await ask('POST', '', secret), 200);
  assert.equal(await ask('POST', '', secret), 409);
  assert.equal(await ask('PUT', '', { ...secret, value: 'two' }), 204);
  assert.deepEqual([...vault], [['a', 'two']]);
  assert.deepEqual(
    [await ask('GET', '/a'), await ask('DELETE', '/a'), await ask('GET', '/a')],
    [200, 204, 404],
  );
  const { simulator: without } = await startBench(t);
  assert.equal((await post(`${without.managementUrl}/v3/secrets`, secret)).status, 404);
});
