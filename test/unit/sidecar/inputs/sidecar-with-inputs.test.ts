import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test, type TestContext } from 'node:test';
import type { FlowInput } from '../../../../src/flow/flow-input.ts';
import { startByteSource } from '../../../support/byte-source.ts';
import { startHttpsSource } from '../../../support/https-source.ts';
import { needing } from '../../../support/needs.ts';
import { peakMemory } from '../../../support/service-costs.ts';
import { serveOnLoopback } from '../../../support/serve-on-loopback.ts';
import { SidecarProcess } from '../../../support/sidecar-process.ts';
import { openTestStore, type TestStore } from '../../../support/test-store.ts';
import { waitUntil } from '../../../support/wait-until.ts';

const mebibyte = 1024 * 1024;

let store: TestStore;
before(async () => {
  store = await openTestStore();
});
after(async () => store[Symbol.asyncDispose]());

interface Pod {
  sidecar: SidecarProcess;
  /** Where the file of the input is expected. */
  path: string;
  files: () => Promise<string[]>;
}

/** A sidecar, not started, with one input: the file of the URL. */
async function preparePod(t: TestContext, url: string, env: Record<string, string> = {}): Promise<Pod> {
  const folder = await mkdtemp(join(tmpdir(), 'inputs-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const urls = join(folder, 'urls');
  await mkdir(urls);
  await writeFile(join(urls, 'file'), url);
  const path = join(folder, 'inputs', 'file');
  const inputs: FlowInput[] = [{ name: 'file', path, maxBytes: 1024 * mebibyte, host: new URL(url).host }];
  const sidecar = await SidecarProcess.create(store, {
    env: {
      SIDECAR_INPUTS: JSON.stringify(inputs),
      SIDECAR_INPUT_URLS: urls,
      // Longer than any wait of these tests.
      SIDECAR_INPUT_SECONDS: '600',
      ...env,
    },
  });
  t.after(() => sidecar[Symbol.asyncDispose]());
  return { sidecar, path, files: () => readdir(join(folder, 'inputs')) };
}

test('an https URL is fetched from a server whose authority is trusted, and refused at once from another', async (t) => {
  const content = randomBytes(300_000);
  const source = await startHttpsSource(t, content);
  const url = `${source.origin}/a%20file?token=secret`;

  const stranger = await preparePod(t, url);
  await assert.rejects(stranger.sidecar.start(), /the sidecar ended/);
  const report = await stranger.sidecar.report();
  assert.partialDeepStrictEqual(report, { error: { input: 'file' } });
  assert.match(JSON.stringify(report), /it was refused: 127\.0\.0\.1:\d+ .*certificate/);
  assert.deepEqual([source.connections, source.asked], [1, []]);
  assert.deepEqual(await stranger.files(), []);

  const authority = join(stranger.sidecar.folder, 'ca.pem');
  await writeFile(authority, source.certificate);
  const { sidecar, path } = await preparePod(t, url, { NODE_EXTRA_CA_CERTS: authority });
  await sidecar.start();
  assert.deepEqual(await readFile(path), content);
  assert.deepEqual(source.asked, ['/a%20file?token=secret']);
  assert.equal(await sidecar.end(), 0);
  assert.doesNotMatch([...stranger.sidecar.log, ...sidecar.log].join(''), /secret|a%20file/);
});

test('a sidecar that is killed during a fetch has left half a file, which the next one replaces', async (t) => {
  const content = randomBytes(300_000);
  const source = await startByteSource(t, { content, headers: { etag: '"one"' } });
  source.next('hang');
  const { sidecar, path, files } = await preparePod(t, source.url);
  const killed = assert.rejects(sidecar.start(), /the sidecar ended/);
  await waitUntil('half of it is written', async () => {
    const part = await readFile(`${path.slice(0, -'file'.length)}.file.part`).catch(() => Buffer.alloc(0));
    return part.length === content.length / 2;
  });
  await sidecar.end('SIGKILL');
  await killed;
  assert.deepEqual(await files(), ['.file.part']);

  await sidecar.start();
  assert.deepEqual(await readFile(path), content);
  assert.deepEqual(await files(), ['file']);
  const ranges = source.requests.map(({ range }) => range);
  assert.deepEqual(ranges, [undefined, undefined]);
  assert.equal(await sidecar.end(), 0);
});

test('a huge input is never in memory as a whole', needing('/proc'), async (t) => {
  const chunk = randomBytes(mebibyte);
  const chunks = 256;
  const origin = await serveOnLoopback(t, (_, response) => {
    Readable.from(Array<Buffer>(chunks).fill(chunk)).pipe(response);
  });
  const { sidecar, path } = await preparePod(t, `${origin}/`);
  await sidecar.start();
  const peak = await peakMemory(sidecar);
  assert.equal((await readFile(path)).length, chunks * mebibyte);
  // With 8 MiB and with 800 MiB it is between 80 and 115.
  assert.ok(peak < 160, `${peak} MiB`);
  assert.equal(await sidecar.end(), 0);
});
