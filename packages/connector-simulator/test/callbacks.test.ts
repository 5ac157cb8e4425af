import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorVersion } from '../src/versions.ts';
import {
  callbackBody,
  httpAddress,
  key,
  post,
  requestedTransfer,
  startBench,
} from './scripted-provisioner.ts';

const keys: { name: string; headers: Record<string, string>; status: number }[] = [
  { name: 'a wrong key', headers: { 'x-api-key': 'other' }, status: 401 },
  { name: 'an empty key', headers: { 'x-api-key': '' }, status: 401 },
  { name: 'the key twice', headers: { 'x-api-key': `${key}, ${key}` }, status: 401 },
  { name: 'the key in upper case', headers: { 'x-api-key': key.toUpperCase() }, status: 204 },
  { name: 'another media type', headers: { 'content-type': 'text/plain' }, status: 415 },
];
for (const { name, headers, status } of keys) {
  test(`a callback with ${name} is answered ${status}`, async (t) => {
    const bench = await startBench(t);
    const { url, resourceDefinitionId } = await requestedTransfer(bench);
    assert.equal((await post(url, callbackBody(bench, resourceDefinitionId), headers)).status, status);
  });
}

const untyped = { properties: { 'https://w3id.org/edc/v0.0.1/ns/baseUrl': 'http://127.0.0.1:1/' } };
const faults: { name: string; members?: Record<string, unknown>; body?: string; status: number }[] = [
  { name: 'without edctype', members: { edctype: undefined }, status: 400 },
  { name: 'with another edctype', members: { edctype: 'other' }, status: 400 },
  { name: 'without resourceDefinitionId', members: { resourceDefinitionId: undefined }, status: 400 },
  { name: 'without assetId', members: { assetId: undefined }, status: 400 },
  { name: 'without resourceName', members: { resourceName: undefined }, status: 400 },
  { name: 'without apiKeyJwt', members: { apiKeyJwt: undefined }, status: 400 },
  { name: 'without contentDataAddress', members: { contentDataAddress: undefined }, status: 400 },
  { name: 'with an address without type', members: { contentDataAddress: untyped }, status: 400 },
  { name: 'that is no JSON', body: '{', status: 400 },
  { name: 'that is an array', body: '[]', status: 400 },
  { name: 'that is empty', body: '', status: 500 },
];
for (const { name, members, body, status } of faults) {
  test(`a callback ${name} is a ${status}, and the right one afterwards works`, async (t) => {
    const bench = await startBench(t);
    const { id, url, resourceDefinitionId, callBack } = await requestedTransfer(bench);
    const faulty = await post(url, body ?? callbackBody(bench, resourceDefinitionId, members));
    assert.equal(faulty.status, status);
    assert.equal(bench.simulator.process(id).state, 'PROVISIONING_REQUESTED');
    assert.equal((await callBack({ unknown: 'member' })).status, 204);
    await bench.simulator.waitFor(id, 'COMPLETED');
  });
}

test('a callback for an unknown transfer is a 404, also after a restart that lost it', async (t) => {
  const bench = await startBench(t);
  const { callBack } = await requestedTransfer(bench);
  const unknown = `${bench.simulator.callbackAddress}/unknown/provision`;
  assert.equal((await post(unknown, callbackBody(bench, 'x'))).status, 404);
  bench.simulator.dropTransfers();
  assert.equal((await callBack()).status, 404);
});

for (const version of ['0.10.0', '0.11.1', '0.12.0'] satisfies ConnectorVersion[]) {
  test(`at ${version} two callbacks before the start are both 204 and lead to two deprovision requests`, async (t) => {
    const bench = await startBench(t, { version });
    const { id, resourceDefinitionId, callBack } = await requestedTransfer(bench);
    bench.simulator.pause();
    const answers = await Promise.all([callBack(), callBack()]);
    bench.simulator.resume();
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [204, 204],
    );
    await bench.simulator.waitFor(id, ({ state }) => /^DEPROVISION(ED|ING_REQUESTED)$/.test(state));
    const deprovisions = bench.seen.slice(1).map((seen) => seen.message.resourceDefinitionId);
    assert.deepEqual(deprovisions, [resourceDefinitionId, resourceDefinitionId]);
  });
}

test('at 0.15.1 the second of two callbacks is a 409 that names the state', async (t) => {
  const bench = await startBench(t, { version: '0.15.1' });
  const { id, callBack } = await requestedTransfer(bench);
  bench.simulator.pause();
  assert.equal((await callBack()).status, 204);
  const second = await callBack();
  bench.simulator.resume();
  assert.equal(second.status, 409);
  assert.match(second.text, /Could not execute AddProvisionedResourceCommand .* because it's STARTING/);
  await bench.simulator.waitFor(id, 'DEPROVISIONED');
  assert.equal(bench.seen.length, 2);
});

test('a callback after the end is a 409 and moves nothing', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  const ended = await bench.simulator.waitFor(id, (process) => process.state === 'DEPROVISIONED');
  const late = await callBack();
  assert.equal(late.status, 409);
  assert.match(late.text, /because it's DEPROVISIONED/);
  assert.deepEqual(bench.simulator.process(id).history, ended.history);
});

test('a callback with another resourceDefinitionId is a 204 without effect, and the right one rescues it', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  assert.equal((await callBack({ resourceDefinitionId: 'other' })).status, 204);
  assert.equal(bench.simulator.process(id).state, 'PROVISIONING_REQUESTED');
  assert.equal((await callBack()).status, 204);
  await bench.simulator.waitFor(id, 'COMPLETED');
});

test('a deprovision callback is a 204 with any id, and moves nothing', async (t) => {
  const bench = await startBench(t, { version: '0.10.0' });
  const { id, callBack } = await requestedTransfer(bench);
  await callBack();
  await bench.simulator.waitFor(id, 'DEPROVISIONING_REQUESTED');
  const url = `${bench.simulator.callbackAddress}/${id}/deprovision`;
  assert.equal((await post(url, { provisionedResourceId: 'any' })).status, 204);
  assert.equal((await post(url, {})).status, 400);
  assert.equal(bench.simulator.process(id).state, 'DEPROVISIONING_REQUESTED');
});

const addresses: {
  name: string;
  address: (url: string) => unknown;
  version?: ConnectorVersion;
  detail: string;
}[] = [
  {
    name: 'plain names',
    address: (baseUrl) => ({ properties: { type: 'HttpData', baseUrl } }),
    detail: "'baseUrl' property is missing in HttpDataAddress",
  },
  {
    name: 'an unknown type',
    address: () => ({ type: 'AmazonS3', properties: {} }),
    detail: 'DataPlane not found',
  },
  {
    name: 'an unknown type',
    address: () => ({ properties: { type: 'AmazonS3' } }),
    version: '0.15.1',
    detail: 'No dataplane found',
  },
];
for (const { name, address, version = '0.12.0', detail } of addresses) {
  test(`an address with ${name} is a 204 and ends the transfer at ${version}`, async (t) => {
    const bench = await startBench(t, { version });
    const { id, callBack } = await requestedTransfer(bench);
    assert.equal((await callBack({ contentDataAddress: address(`${bench.origin}/x`) })).status, 204);
    const process = await bench.simulator.waitFor(id, 'DEPROVISIONED');
    assert.equal(process.errorDetail, detail);
    assert.deepEqual(process.consumer, { state: 'TERMINATED', reason: detail });
  });
}

test('a plain type beside a prefixed baseUrl works', async (t) => {
  const bench = await startBench(t);
  const { id, callBack } = await requestedTransfer(bench);
  const { properties } = httpAddress(`${bench.origin}/x`) as { properties: Record<string, string> };
  delete properties['https://w3id.org/edc/v0.0.1/ns/type'];
  await callBack({ contentDataAddress: { type: 'HttpData', properties } });
  await bench.simulator.waitFor(id, 'COMPLETED');
});
