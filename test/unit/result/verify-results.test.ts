import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError, type ErrorCode } from '../../../src/errors.ts';
import { manifestKey } from '../../../src/flow/keys.ts';
import { fileKey } from '../../../src/result/manifest.ts';
import { verifyResults } from '../../../src/result/verify-results.ts';
import { attempt, flow, memoryStore, sidecarWrites, writeManifest } from './stored-results.ts';

const signal = new AbortController().signal;
const files = {
  'summary.json': Buffer.from('{}'),
  'charts/rain in Köln.svg': Buffer.from('<svg/>'),
  'charts/a.svg': Buffer.from('<svg></svg>'),
  '.hidden': Buffer.from('dot'),
  empty: Buffer.alloc(0),
};

function verify(written: ReturnType<typeof sidecarWrites>, required: string[] = []) {
  return verifyResults(
    { store: memoryStore(written.objects), flow, attempt, report: written.report, required },
    signal,
  );
}

test('verifies what the sidecar wrote, odd names and empty files included', async () => {
  const written = sidecarWrites(files);
  const verdict = await verify(written, ['summary.json', 'charts/rain in Köln.svg']);
  assert.deepEqual(verdict, { verdict: 'verified', manifest: written.manifest });
});

test('refuses an attempt that wrote nothing, unless the template allows it', async () => {
  const written = sidecarWrites({});
  const refused = await verify(written);
  assert.equal(refused.verdict === 'failed' && refused.reason, 'results-missing');
  assert.match(refused.verdict === 'failed' ? refused.message : '', /no file .*allowEmpty: true/);
  const asked = { store: memoryStore(written.objects), flow, attempt, report: written.report, required: [] };
  const allowed = await verifyResults({ ...asked, allowEmpty: true }, signal);
  assert.equal(allowed.verdict, 'verified');
});

test('ignores objects that the manifest does not name, wherever they sort', async () => {
  const written = sidecarWrites(files);
  for (const key of ['!first', 'charts/b.svg', 'zz-last'])
    written.objects.set(fileKey(flow, attempt, key), Buffer.from('left over'));
  const verdict = await verify(written);
  assert.equal(verdict.verdict, 'verified');
});

type Change = (written: ReturnType<typeof sidecarWrites>) => void;
const changes: { name: string; change: Change; reason: string; message: RegExp }[] = [
  {
    name: 'a manifest that is not there',
    change: ({ objects }) => objects.delete(manifestKey(flow, attempt)),
    reason: 'results-missing',
    message: /no manifest/,
  },
  {
    name: 'a manifest changed afterwards, even if it agrees with the store',
    change: ({ objects, manifest }) =>
      writeManifest(objects, { ...manifest, createdAt: '2026-01-02T03:04:06Z' }),
    reason: 'results-changed',
    message: /sha256/,
  },
  {
    name: 'a report of another ETag',
    change: ({ report }) => (report.etag = 'other'),
    reason: 'results-changed',
    message: /etag/,
  },
  {
    name: 'a report of another count',
    change: ({ report }) => (report.files += 1),
    reason: 'results-changed',
    message: /files is 5.*6/,
  },
  {
    name: 'a report of other bytes',
    change: ({ report }) => (report.bytes += 1),
    reason: 'results-changed',
    message: /bytes/,
  },
  {
    name: 'a manifest of another flow',
    change: ({ objects, manifest, report }) =>
      Object.assign(report, writeManifest(objects, { ...manifest, flow: 'flow-other' })),
    reason: 'results-changed',
    message: /another attempt/,
  },
  {
    name: 'a manifest that is not JSON',
    change: ({ objects }) => objects.set(manifestKey(flow, attempt), Buffer.from('{"version":1')),
    reason: 'results-changed',
    message: /not JSON/,
  },
  {
    name: 'an empty manifest object',
    change: ({ objects }) => objects.set(manifestKey(flow, attempt), Buffer.alloc(0)),
    reason: 'results-changed',
    message: /0 bytes/,
  },
  {
    name: 'a first file that is lost',
    change: ({ objects }) => objects.delete(fileKey(flow, attempt, '.hidden')),
    reason: 'results-changed',
    message: /"\.hidden" is in the manifest but not in the store/,
  },
  {
    name: 'a last file that is lost',
    change: ({ objects }) => objects.delete(fileKey(flow, attempt, 'summary.json')),
    reason: 'results-changed',
    message: /"summary\.json"/,
  },
  {
    name: 'a file of another size',
    change: ({ objects }) => objects.set(fileKey(flow, attempt, 'empty'), Buffer.from('x')),
    reason: 'results-changed',
    message: /"empty" has 1 bytes in the store, 0 in the manifest/,
  },
  {
    name: 'a file replaced by one of the same size',
    change: ({ objects }) => objects.set(fileKey(flow, attempt, 'summary.json'), Buffer.from('[]')),
    reason: 'results-changed',
    message: /"summary\.json" was replaced/,
  },
];
for (const { name, change, reason, message } of changes) {
  test(`refuses ${name}`, async () => {
    const written = sidecarWrites(files);
    change(written);
    const verdict = await verify(written);
    assert.ok(verdict.verdict === 'failed');
    assert.equal(verdict.reason, reason);
    assert.match(verdict.message, message);
  });
}

test('calls results incomplete that lack a required file, and names it on one line', async () => {
  const verdict = await verify(sidecarWrites(files), ['summary.json', 'odd\nname']);
  assert.deepEqual(verdict, {
    verdict: 'failed',
    reason: 'results-incomplete',
    message: 'the worker did not write "odd\\nname"',
  });
});

type Operation = 'read' | 'list';

function failing(operation: Operation, code: ErrorCode) {
  const written = sidecarWrites(files);
  const store = Object.assign(memoryStore(written.objects), {
    [operation]: () => {
      throw new ServiceError(code, 'as asked');
    },
  });
  return verifyResults({ store, flow, attempt, report: written.report, required: [] }, signal);
}

for (const operation of ['read', 'list'] as const) {
  test(`says that the bucket is missing when ${operation} finds none`, async () => {
    const verdict = await failing(operation, 'bucket-missing');
    assert.equal(verdict.verdict === 'failed' && verdict.reason, 'bucket-missing');
  });
  test(`throws when the store cannot be asked (${operation}), so that it is asked again`, async () => {
    await assert.rejects(failing(operation, 'store-unavailable'), { code: 'store-unavailable' });
    await assert.rejects(failing(operation, 'store-refused'), { code: 'store-refused' });
  });
}

test('reads no manifest that is larger than it may be', async () => {
  const written = sidecarWrites(files);
  const store = memoryStore(written.objects);
  const limits: number[] = [];
  store.read = (key, limitBytes) => {
    limits.push(limitBytes);
    return Promise.resolve({ key, size: limitBytes + 1, etag: 'x' });
  };
  const verdict = await verifyResults({ store, flow, attempt, report: written.report, required: [] }, signal);
  assert.equal(verdict.verdict === 'failed' && verdict.reason, 'results-changed');
  assert.deepEqual(limits, [64 * 1024 * 1024]);
});

test('asks for the manifest and for the listing at the same time', async () => {
  const written = sidecarWrites(files);
  const store = memoryStore(written.objects);
  const listing = Promise.withResolvers<undefined>();
  const list = store.list.bind(store);
  const read = store.read.bind(store);
  store.list = async function* (prefix, until) {
    listing.resolve(undefined);
    yield* list(prefix, until);
  };
  store.read = async (key, limitBytes, until) => {
    await listing.promise;
    return await read(key, limitBytes, until);
  };
  const verdict = await verifyResults({ store, flow, attempt, report: written.report, required: [] }, signal);
  assert.equal(verdict.verdict, 'verified');
});

test('a listing that fails beside a manifest that is not there is nobody’s error', async () => {
  const written = sidecarWrites(files);
  const store = memoryStore();
  store.list = () => ({
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.reject(new ServiceError('store-unavailable', 'not now')),
    }),
  });
  const verdict = await verifyResults({ store, flow, attempt, report: written.report, required: [] }, signal);
  assert.equal(verdict.verdict === 'failed' && verdict.reason, 'results-missing');
});
