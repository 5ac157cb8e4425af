import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ApiClient } from '../../../src/client/api-client.ts';
import { downloadFile, type Download } from '../../../src/client/download-file.ts';
import { ResultFolder } from '../../../src/client/result-folder.ts';
import { serveOnLoopback } from '../../support/serve-on-loopback.ts';

const content = Buffer.from('0123456789'.repeat(1000));
const sha256 = hash('sha256', content);
const patience = { millis: 10_000, backOff: { firstMillis: 1, maxMillis: 5 }, onWait: () => undefined };
const signal = new AbortController().signal;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Ranges as a service answers them. */
function sendWhole(request: IncomingMessage, response: ServerResponse): void {
  const [, first] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const from = request.headers['if-range'] === `"${sha256}"` ? Number(first ?? 0) : 0;
  const range = { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` };
  response.writeHead(from > 0 ? 206 : 200, from > 0 ? range : {}).end(content.subarray(from));
}

interface Scene {
  download: Download;
  folder: string;
  ranges: (string | undefined)[];
  /** `If-Range` of each request. */
  conditions: (string | undefined)[];
  counted: () => number;
}

/** The last answer is repeated. */
async function prepare(t: TestContext, answers: readonly Answer[]): Promise<Scene> {
  const ranges: (string | undefined)[] = [];
  const conditions: (string | undefined)[] = [];
  const address = await serveOnLoopback(t, (request, response) => {
    ranges.push(request.headers.range);
    conditions.push(request.headers['if-range']?.toString());
    (answers[ranges.length - 1] ?? answers.at(-1))?.(request, response);
  });
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-download-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const client = new ApiClient({ address, key: undefined, patience });
  t.after(() => client[Symbol.asyncDispose]());
  // By the name that the service has for itself.
  const href = 'https://jobs.example.org/prefix/api/v1/jobs/flow-a/results/files/a.txt';
  const file = { path: 'a.txt', size: content.length, sha256, modifiedAt: '2026-01-31T12:00:00Z', href };
  const target = await new ResultFolder(folder).place(file);
  let count = 0;
  function onBytes(bytes: number): void {
    count += bytes;
  }
  return { download: { client, file, target, onBytes }, folder, ranges, conditions, counted: () => count };
}

async function assertWhole({ folder, counted }: Scene): Promise<void> {
  assert.deepEqual(await readdir(folder), ['a.txt']);
  assert.deepEqual(await readFile(join(folder, 'a.txt')), content);
  assert.equal(counted(), content.length);
}

test('a file gets its name and time when it is whole, and is not fetched again', async (t) => {
  const scene = await prepare(t, [sendWhole]);
  assert.equal(await downloadFile(scene.download, signal), 'fetched');
  await assertWhole(scene);
  const { mtime } = await stat(join(scene.folder, 'a.txt'));
  assert.equal(mtime.toISOString(), '2026-01-31T12:00:00.000Z');
  assert.equal(await downloadFile(scene.download, signal), 'present');
  assert.deepEqual(scene.ranges, [undefined]);
});

test('a file of that name with other bytes is replaced', async (t) => {
  const scene = await prepare(t, [sendWhole]);
  await writeFile(join(scene.folder, 'a.txt'), Buffer.alloc(content.length));
  assert.equal(await downloadFile(scene.download, signal), 'fetched');
  await assertWhole(scene);
});

test('what an earlier command has left is continued, and fetched again if it turns out to be wrong', async (t) => {
  const scene = await prepare(t, [sendWhole]);
  const { temporary } = scene.download.target;
  await writeFile(temporary, content.subarray(0, 4000));
  await downloadFile(scene.download, signal);
  await assertWhole(scene);
  assert.deepEqual([scene.ranges, scene.conditions], [['bytes=4000-'], [`"${sha256}"`]]);

  const damaged = await prepare(t, [sendWhole]);
  await writeFile(damaged.download.target.temporary, Buffer.alloc(4000));
  await downloadFile(damaged.download, signal);
  await assertWhole(damaged);
  assert.deepEqual(damaged.ranges, ['bytes=4000-', undefined]);
});

test('what is longer than the file is not continued, and what is whole needs no request', async (t) => {
  const long = await prepare(t, [sendWhole]);
  await writeFile(long.download.target.temporary, Buffer.alloc(content.length + 1));
  await downloadFile(long.download, signal);
  await assertWhole(long);
  assert.deepEqual(long.ranges, [undefined]);

  const whole = await prepare(t, [sendWhole]);
  await writeFile(whole.download.target.temporary, content);
  await downloadFile(whole.download, signal);
  await assertWhole(whole);
  assert.deepEqual(whole.ranges, []);
});

test('an answer that breaks off, a busy service, and a service that sends all again are continued', async (t) => {
  const scene = await prepare(t, [
    (_, response) => {
      response.writeHead(200, { 'content-length': String(content.length) });
      response.write(content.subarray(0, 3000), () => response.destroy());
    },
    (_, response) => response.writeHead(503, { 'retry-after': '0' }).end(),
    (_, response) => response.writeHead(416).end(),
    (_, response) => response.end(content),
  ]);
  await downloadFile(scene.download, signal);
  await assertWhole(scene);
  assert.deepEqual(scene.ranges, [undefined, 'bytes=3000-', 'bytes=3000-', undefined]);

  const again = await prepare(t, [(_, response) => response.end(content)]);
  await writeFile(again.download.target.temporary, content.subarray(0, 4000));
  await downloadFile(again.download, signal);
  await assertWhole(again);
});

const wrongs: { name: string; answer: Answer; message: RegExp }[] = [
  {
    name: 'other bytes',
    answer: (_, response) => response.end(Buffer.alloc(content.length)),
    message: /expected the sha256 .* received other bytes; nothing was kept/,
  },
  {
    name: 'too many bytes',
    answer: (_, response) => response.end(Buffer.concat([content, content])),
    message: /expected 10000 bytes, received more/,
  },
  {
    name: 'a refusal',
    answer: (_, response) =>
      response.writeHead(410).end(JSON.stringify({ detail: 'these have been deleted' })),
    message: /these have been deleted \(410\)/,
  },
];

for (const { name, answer, message } of wrongs) {
  test(`${name}: the command says so, and no file has the name`, async (t) => {
    const { download, folder, ranges } = await prepare(t, [answer]);
    await assert.rejects(downloadFile(download, signal), message);
    assert.equal((await readdir(folder)).includes('a.txt'), false);
    assert.equal(ranges.length, 1);
  });
}

test('a part from the wrong place is not taken', async (t) => {
  const { download, folder } = await prepare(t, [
    (_, response) =>
      response.writeHead(206, { 'content-range': 'bytes 5000-9999/10000' }).end(content.subarray(5000)),
  ]);
  await writeFile(download.target.temporary, content.subarray(0, 4000));
  await assert.rejects(
    downloadFile(download, signal),
    /Content-Range: expected one from 4000, received 5000/,
  );
  assert.equal((await readdir(folder)).includes('a.txt'), false);
});
