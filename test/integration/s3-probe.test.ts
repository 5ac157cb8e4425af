import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startStore } from '../../src/devcluster/store/store.ts';

/** What the embedded store promises, by the names the probe gives it. */
const supported = [
  'bucket create/exists/list',
  'bucket create again',
  'put/get/stat + user metadata',
  'put stream of unknown length',
  'range',
  'odd keys',
  'keys with // or ..',
  'list v2: prefix, delimiter, pages',
  'multipart (minio-js, 5 MiB parts)',
  'multipart: list uploads, list parts, abort',
  'multipart: part < 5 MiB refused',
  'copy, delete many, delete absent',
  'etag of small put is MD5',
  'missing key / bucket codes',
  'wrong secret refused',
  'unknown access key refused',
  'anonymous refused',
  'payload hash mismatch refused',
  'Content-MD5 mismatch refused',
  'checksum sha256 header: wrong refused',
  'checksum sha256 stored and returned',
  'checksum crc32c header: wrong refused',
  'aws-chunked unsigned trailer crc32c',
  'If-None-Match:* on PUT',
  'If-None-Match:* race, 10 at once',
  'If-None-Match:* on CompleteMultipartUpload',
  'If-Match on PUT',
  'GET If-None-Match gives 304',
  'presigned GET + response-content-disposition',
  'presigned PUT',
  'presigned: changed signature refused',
  'presigned: expired refused',
  'STS AssumeRole with session policy',
];
const refused = ['presigned POST policy', 'object tags', 'lifecycle config', 'versioning'];

interface Target extends AsyncDisposable {
  readonly embedded: boolean;
  readonly env: Readonly<Record<string, string>>;
}

/** The store that S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY name, or the embedded one. */
async function openTarget(): Promise<Target> {
  const { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: key, S3_SECRET_KEY: secret } = process.env;
  if (endpoint !== undefined && key !== undefined && secret !== undefined) {
    const env = { S3_ENDPOINT: endpoint, S3_ACCESS_KEY: key, S3_SECRET_KEY: secret };
    return { embedded: false, env, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const directory = await mkdtemp(join(tmpdir(), 'edc-jp-probe-'));
  const keys = { accessKeyId: 'probe', secretAccessKey: randomBytes(24).toString('hex') };
  const store = await startStore({ directory, ...keys });
  return {
    embedded: true,
    env: { S3_ENDPOINT: store.url, S3_ACCESS_KEY: keys.accessKeyId, S3_SECRET_KEY: keys.secretAccessKey },
    async [Symbol.asyncDispose]() {
      await store.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** What the probe found, by the name of each feature: `ok`, or why not. */
async function probe(env: Target['env']): Promise<Map<string, string>> {
  const script = join(import.meta.dirname, '../servers/s3-probe.mjs');
  const options = { env: { ...process.env, ...env }, cwd: join(import.meta.dirname, '../..') };
  const { stdout } = await promisify(execFile)(process.execPath, [script], options);
  const found = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const name = [...supported, ...refused].find((known) => line.slice(5).startsWith(known));
    if (name !== undefined) found.set(name, line.startsWith('ok ') ? 'ok' : line.slice(5));
  }
  return found;
}

test('the store supports what the probe asks of it, and refuses the rest with a clear status', async (t) => {
  await using target = await openTarget();
  const found = await probe(target.env);
  for (const name of supported) {
    await t.test(`supports: ${name}`, () => {
      assert.equal(found.get(name) ?? 'not probed', 'ok');
    });
  }
  for (const name of refused) {
    await t.test(`refuses: ${name}`, { skip: !target.embedded && 'another store may support it' }, () => {
      assert.match(found.get(name) ?? 'not probed', /NotImplemented|403/);
    });
  }
});
