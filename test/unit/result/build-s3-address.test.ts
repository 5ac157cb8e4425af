import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowPlan } from '../../../src/flow/flow-plan.ts';
import { addressResults } from '../../../src/result/address-results.ts';
import { buildS3Address, type S3AddressRequest } from '../../../src/result/build-s3-address.ts';
import type { ObjectsToRead, ReadAccess } from '../../../src/storage/read-access.ts';
import { aFlow } from '../../support/flow-values.ts';
import { attempt, flow, memoryStore, sidecarWrites } from './stored-results.ts';

const outcomeAt = '2026-05-01T00:00:00Z';
const { signal } = new AbortController();

function request(results: Partial<FlowPlan['results']> = {}) {
  const wanted: ObjectsToRead[] = [];
  const readAccess: ReadAccess = {
    grant(objectsToRead) {
      wanted.push(objectsToRead);
      const keys = { accessKeyId: `key-${wanted.length}`, secretAccessKey: 's', sessionToken: 't' };
      return Promise.resolve({
        ...{ endpoint: 'https://s3.example.org', region: 'r', bucket: 'b', objects: objectsToRead.objects },
        keys: { ...keys, expiration: 'soon' },
      });
    },
  };
  const { plan } = aFlow();
  const { manifest, objects } = sidecarWrites({ 'ä b.csv': Buffer.from('x'), c: Buffer.from('y') });
  const asked: S3AddressRequest = {
    flow,
    plan: { ...plan, results: { ...plan.results, address: 's3', ...results } },
    outcome: {
      phase: 'succeeded',
      at: outcomeAt,
      results: { attempt, files: 2, bytes: 2, manifestSha256: '', manifestEtag: '' },
    },
    manifest,
    readAccess,
    results: { addressSeconds: 10_000, s3KeySeconds: 3600 },
    now: new Date(outcomeAt),
  };
  return { asked, wanted, objects };
}

const prefix = `flows/${flow}/${attempt}/files/`;

test('addresses all files by their prefix, with new keys on every repeat', async () => {
  const { asked, wanted } = request();
  const [first, again] = [await buildS3Address(asked, signal), await buildS3Address(asked, signal)];
  assert.deepEqual(first, {
    type: 'AmazonS3',
    ...{ endpoint: 'https://s3.example.org', region: 'r', bucket: 'b', objects: { prefix } },
    keys: { accessKeyId: 'key-1', secretAccessKey: 's', sessionToken: 't', expiration: 'soon' },
  });
  assert.equal(again.keys.accessKeyId, 'key-2');
  assert.deepEqual(wanted[0], { flow, objects: { prefix }, seconds: 3600 });
});

test('addresses the file that the template chose by the key that it has in the store', async () => {
  const { asked, wanted, objects } = request({ choice: { kind: 'file', path: 'ä b.csv' } });
  await buildS3Address(asked, signal);
  const { objects: read } = wanted[0] ?? assert.fail();
  const key = 'key' in read ? read.key : '';
  assert.ok(key.startsWith(`${prefix}_x/`) && objects.has(key), key);
  const absent = request({ choice: { kind: 'file', path: 'absent' } });
  await assert.rejects(buildS3Address(absent.asked, signal), { code: 'object-missing' });
  assert.deepEqual(absent.wanted, [], 'no keys were minted for nothing');
});

test('keys end with the address, but live as long as stores want at least', async () => {
  for (const [second, seconds] of [
    [8000, 2000],
    [9999, 900],
  ] as const) {
    const { asked, wanted } = request();
    await buildS3Address({ ...asked, now: new Date(Date.parse(outcomeAt) + second * 1000) }, signal);
    assert.equal(wanted[0]?.seconds, seconds);
  }
  const { asked, wanted } = request();
  const late = new Date(Date.parse(outcomeAt) + 10_000_000);
  await assert.rejects(buildS3Address({ ...asked, now: late }, signal), { code: 'gone' });
  assert.deepEqual(wanted, []);
});

test('the kind in the plan decides which address results get', async () => {
  const parts = {
    ...{ store: memoryStore(), keys: [{ id: 'k', key: 'secret' }], now: new Date(outcomeAt) },
    connector: { resultsUrl: 'https://results.example.org' },
    results: { addressSeconds: 10_000, s3KeySeconds: 3600, accessTokenSeconds: 300 },
  };
  for (const [address, type] of [
    ['s3', 'AmazonS3'],
    ['service', 'HttpData'],
  ] as const) {
    const { asked, wanted } = request({ address });
    const addressed = await addressResults({ ...parts, readAccess: asked.readAccess }, asked, signal);
    assert.equal('address' in addressed && addressed.address.type, type);
    assert.equal(wanted.length, type === 'AmazonS3' ? 1 : 0);
  }
});
