import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowPlan, ResultChoice } from '../../../src/flow/flow-plan.ts';
import { buildDataAddress, type AddressRequest } from '../../../src/result/build-data-address.ts';
import { requiredPaths } from '../../../src/result/choose-bytes.ts';
import { verifyResultToken } from '../../../src/result/result-token.ts';
import { attempt, flow, memoryStore, sidecarWrites } from './stored-results.ts';

const keys = [{ id: 'k1', key: 'a secret' }];
const outcomeAt = '2026-05-01T00:00:00.900Z';
const notAfter = Math.floor(Date.parse(outcomeAt) / 1000) + 604_800;

function request(paths: string[], results: Partial<FlowPlan['results']> = {}): AddressRequest {
  const { manifest, report } = sidecarWrites(
    Object.fromEntries(paths.map((path) => [path, Buffer.from(path)])),
  );
  return {
    flow,
    plan: {
      template: 't',
      templateDigest: 'd',
      image: 'i',
      results: { choice: { kind: 'auto', archive: 'zip' }, address: 'service', required: [], ...results },
      limits: { pending: 1, run: 1, upload: 1, stopGrace: 1 },
      retention: 1,
    },
    outcome: {
      phase: 'succeeded',
      at: outcomeAt,
      results: {
        attempt,
        files: report.files,
        bytes: report.bytes,
        manifestSha256: report.sha256,
        manifestEtag: report.etag,
      },
    },
    manifest,
    connector: { resultsUrl: 'https://results.example/base' },
    keys,
    store: memoryStore(),
    results: { addressSeconds: 604_800, accessTokenSeconds: 300 },
    now: new Date('2026-05-01T00:01:00Z'),
  };
}

const tar: ResultChoice = { kind: 'archive', archive: 'tar' };
const rows: {
  name: string;
  paths: string[];
  results?: Partial<FlowPlan['results']>;
  end: string;
  contentType: string;
}[] = [
  {
    name: 'the only file',
    paths: ['out/chart.svg'],
    end: 'files/out/chart.svg',
    contentType: 'image/svg+xml',
  },
  { name: 'the archive of several', paths: ['a', 'b'], end: 'archive.zip', contentType: 'application/zip' },
  { name: 'the archive of none', paths: [], end: 'archive.zip', contentType: 'application/zip' },
  {
    name: 'the chosen archive of one',
    paths: ['a'],
    results: { choice: tar },
    end: 'archive.tar',
    contentType: 'application/x-tar',
  },
  {
    name: 'the chosen file, percent-encoded',
    paths: ['a', "x y/100%+é'#?.csv"],
    results: { choice: { kind: 'file', path: "x y/100%+é'#?.csv" } },
    end: 'files/x%20y/100%25%2B%C3%A9%27%23%3F.csv',
    contentType: 'text/csv; charset=utf-8',
  },
  {
    name: 'a file of the declared type',
    paths: ['a'],
    results: { contentType: 'text/x' },
    end: 'files/a',
    contentType: 'text/x',
  },
  {
    name: 'an archive, which the store could not presign,',
    paths: ['a', 'b'],
    results: { address: 'presigned' },
    end: 'archive.zip',
    contentType: 'application/zip',
  },
];
for (const { name, paths, results, end, contentType } of rows) {
  test(`addresses ${name} through the service, the same on every repeat`, async () => {
    const asked = request(paths, results);
    const address = await buildDataAddress(asked);
    const [, token = '', rest] =
      new RegExp(`^https://results\\.example/base/results/${flow}/([^/]+)/(.*)$`).exec(address.baseUrl) ?? [];
    assert.equal(rest, end);
    assert.deepEqual(
      { ...address, baseUrl: '' },
      { type: 'HttpData', baseUrl: '', method: 'GET', contentType },
    );
    assert.equal(verifyResultToken(token, { flow, keys, now: new Date(notAfter * 1000) }).state, 'valid');
    assert.equal(
      verifyResultToken(token, { flow, keys, now: new Date(notAfter * 1000 + 1) }).state,
      'expired',
    );
    assert.deepEqual(await buildDataAddress({ ...asked, now: new Date('2026-05-03T00:00:00Z') }), address);
  });
}

test("a declared type is the file's own in its token", async () => {
  const address = await buildDataAddress(request(['a'], { contentType: 'text/x' }));
  const verdict = verifyResultToken(address.baseUrl.split('/')[6] ?? '', {
    flow,
    keys,
    now: new Date(outcomeAt),
  });
  assert.equal(verdict.state === 'valid' && verdict.mediaTypeOf('a'), 'text/x');
});

test('a presigned address ends with the others, and never asks for more than seven days', async () => {
  const presigned = request(['out/a b.csv'], { address: 'presigned' });
  const key = `flows/${flow}/${attempt}/files/${presigned.manifest.files[0]?.key ?? ''}`;
  const after = await buildDataAddress(presigned);
  assert.equal(after.baseUrl, `https://store.example/${key}?expires=${604_800 - 60}&name=a b.csv`);
  const long = await buildDataAddress({
    ...presigned,
    results: { addressSeconds: 9_999_999, accessTokenSeconds: 300 },
  });
  assert.match(long.baseUrl, /expires=604800&/);
  const late = new Date((notAfter + 1) * 1000);
  await assert.rejects(buildDataAddress({ ...presigned, now: late }), { code: 'gone' });
});

test('a chosen file that is not among the results is an error, and required before it comes to that', async () => {
  const asked = request(['a'], { choice: { kind: 'file', path: 'b' }, required: ['a'] });
  await assert.rejects(buildDataAddress(asked), { code: 'object-missing' });
  assert.deepEqual(requiredPaths(asked.plan.results), ['a', 'b']);
  assert.deepEqual(requiredPaths(request([], { required: ['c'] }).plan.results), ['c']);
});
