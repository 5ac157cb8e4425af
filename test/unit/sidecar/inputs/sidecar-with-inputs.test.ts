import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test, type TestContext } from 'node:test';
import { createServerCertificate } from 'embedded-kubernetes/certificate';
import type { FlowInput } from '../../../../src/flow/flow-input.ts';
import { startByteSource } from '../../../support/byte-source.ts';
import { needing } from '../../../support/needs.ts';
import { peakMemory } from '../../../support/service-costs.ts';
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

async function listen(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('an https URL is fetched from a server whose authority is trusted, and refused at once from another', async (t) => {
  const { key, certificate } = createServerCertificate(new Date());
  const content = randomBytes(300_000);
  const asked: (string | undefined)[] = [];
  let connections = 0;
  const server = createServer({ key, cert: certificate }, (request, response) => {
    asked.push(request.url);
    response.end(content);
  });
  server.on('connection', () => (connections += 1));
  const url = `https://${await listen(t, server)}/a%20file?token=secret`;

  const stranger = await preparePod(t, url);
  await assert.rejects(stranger.sidecar.start(), /the sidecar ended/);
  const report = await stranger.sidecar.report();
  assert.partialDeepStrictEqual(report, { error: { input: 'file' } });
  assert.match(JSON.stringify(report), /it was refused: 127\.0\.0\.1:\d+ .*certificate/);
  assert.deepEqual([connections, asked], [1, []]);
  assert.deepEqual(await stranger.files(), []);

  const authority = join(stranger.sidecar.folder, 'ca.pem');
  await writeFile(authority, certificate);
  const { sidecar, path } = await preparePod(t, url, { NODE_EXTRA_CA_CERTS: authority });
  await sidecar.start();
  assert.deepEqual(await readFile(path), content);
  assert.deepEqual(asked, ['/a%20file?token=secret']);
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
  const server = createHttpServer((_, response) => {
    Readable.from(Array<Buffer>(chunks).fill(chunk)).pipe(response);
  });
  const { sidecar, path } = await preparePod(t, `http://${await listen(t, server)}/`);
  await sidecar.start();
  const peak = await peakMemory(sidecar);
  assert.equal((await readFile(path)).length, chunks * mebibyte);
  // With 8 MiB and with 800 MiB it is between 80 and 115.
  assert.ok(peak < 160, `${peak} MiB`);
  assert.equal(await sidecar.end(), 0);
});
