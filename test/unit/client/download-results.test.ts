import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ApiClient } from '../../../src/client/api-client.ts';
import { downloadResults } from '../../../src/client/download-results.ts';
import { serveOnLoopback } from '../../support/serve-on-loopback.ts';

const patience = { millis: 10_000, backOff: { firstMillis: 1, maxMillis: 5 }, onWait: () => undefined };
const never = new AbortController().signal;

/** Each file holds its path. */
function fileOf(path: string) {
  const href = `https://jobs.example.org/api/v1/jobs/flow-a/results/files/${encodeURIComponent(path)}`;
  const sha256 = hash('sha256', path);
  return { path, size: Buffer.byteLength(path), sha256, modifiedAt: '2026-01-31T12:00:00Z', href };
}

async function prepare(t: TestContext, answer: (path: string, response: ServerResponse) => void) {
  const requested: string[] = [];
  const address = await serveOnLoopback(t, ({ url = '' }, response) => {
    const path = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));
    requested.push(path);
    answer(path, response);
  });
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-download-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const client = new ApiClient({ address, key: undefined, patience });
  t.after(() => client[Symbol.asyncDispose]());
  async function download(paths: readonly string[], signal = never) {
    const files = paths.map(fileOf);
    return await downloadResults({ client, files, folder, onBytes: () => undefined }, signal);
  }
  return { download, folder, requested };
}

test('all files are fetched, also of one folder at once, and those that are there are counted', async (t) => {
  const { download, folder } = await prepare(t, (path, response) => response.end(path));
  const paths = Array.from({ length: 20 }, (_, index) => `a/b/${index}`);
  assert.deepEqual(await download(paths), { fetched: 20, present: 0 });
  assert.deepEqual(await download([...paths, 'c']), { fetched: 1, present: 20 });
  assert.equal((await readdir(join(folder, 'a/b'))).length, 20);
});

test('a path that leads out of the folder is refused before anything is fetched', async (t) => {
  const { download, folder, requested } = await prepare(t, (path, response) => response.end(path));
  await assert.rejects(download(['a', '../b']), /"\.\.\/b": expected a path that stays in the folder/);
  assert.deepEqual([requested, await readdir(folder)], [[], []]);
});

test('the first failure ends the downloads beside it and starts no other', async (t) => {
  let underWay = 0;
  const { download, requested } = await prepare(t, (_, response) => {
    underWay += 1;
    if (underWay === 4) response.writeHead(410).end('{"detail": "deleted"}');
  });
  const paths = Array.from({ length: 20 }, (_, index) => `${index}`);
  await assert.rejects(download(paths), /deleted \(410\)/);
  assert.equal(requested.length, 4);
});

test('an abort ends all of them with its reason', async (t) => {
  const aborted = new AbortController();
  const { download } = await prepare(t, () => {
    aborted.abort(new Error('ended by SIGINT'));
  });
  await assert.rejects(download(['a', 'b', 'c'], aborted.signal), /ended by SIGINT/);
});
