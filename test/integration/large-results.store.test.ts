import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { fileKey, type Manifest } from '../../src/result/manifest.ts';
import { readDataAddress } from 'connector-simulator';
import type { Fault, ProxiedRequest } from '../support/faulty-proxy.ts';
import { largeBytes, largeName, largeTemplate } from '../support/large-file.ts';
import type { World } from '../support/world.ts';
import { startProxiedWorld } from '../support/start-proxied-world.ts';

const partBytes = 8 * 1024 * 1024;

const ranges = [
  { name: 'the first byte', header: 'bytes=0-0', first: 0, end: 1 },
  { name: 'some at the beginning', header: 'bytes=0-999', first: 0, end: 1000 },
  {
    name: 'some on both sides of where two parts meet',
    header: `bytes=${partBytes - 3}-${partBytes + 2}`,
    first: partBytes - 3,
    end: partBytes + 3,
  },
  { name: 'all from the middle on', header: `bytes=${partBytes}-`, first: partBytes, end: largeBytes },
  { name: 'the last ones', header: 'bytes=-17', first: largeBytes - 17, end: largeBytes },
  {
    name: 'more than there are',
    header: `bytes=${largeBytes - 1}-${largeBytes + 5}`,
    first: largeBytes - 1,
    end: largeBytes,
  },
];

test('a large file is stored in parts, several at once, and comes back whole and in ranges', async (t) => {
  const templates = { 'by-service': largeTemplate('service'), 'by-store': largeTemplate('presigned') };
  const { world, podStore } = await startProxiedWorld(t, { templates });
  podStore.fault = holdUntilTwoParts();
  const flows = Object.keys(templates).map((template) => {
    const transfer = world.connector().startTransfer({ assetId: template, mode: 'pull' });
    return { template, transfer, flow: world.flowOf(transfer) };
  });
  for (const { template, transfer, flow } of flows) {
    await world.connector().waitFor(transfer.id, 'STARTED');
    const address = addressOf(world, transfer.id);
    const origin = template === 'by-service' ? world.service.url : world.servers.s3.endpoint;
    await t.test(`${template}: the address leads there and gives what the worker wrote`, async () => {
      assert.equal(new URL(address).origin, new URL(origin).origin);
      const bytes = await read(address, 200);
      assert.equal(bytes.length, largeBytes);
      await assertWritten(world, flow, bytes);
      for (const { name, header, first, end } of ranges) {
        const part = await read(address, 206, { range: header });
        assert.ok(part.equals(bytes.subarray(first, end)), name);
      }
      await read(address, 416, { range: `bytes=${largeBytes}-` });
    });
  }
});

/** Every upload's first part waits for another one of the same: without parallel parts none would ever end. */
function holdUntilTwoParts(): (request: ProxiedRequest) => Promise<Fault | undefined> {
  const uploads = new Map<string, { numbers: Set<string>; two: PromiseWithResolvers<undefined> }>();
  return async ({ method, path }) => {
    const { pathname, searchParams } = new URL(path, 'http://store');
    const number = searchParams.get('partNumber');
    if (method !== 'PUT' || number === null) return undefined;
    const upload = uploads.get(pathname) ?? { numbers: new Set(), two: Promise.withResolvers() };
    uploads.set(pathname, upload);
    upload.numbers.add(number);
    if (upload.numbers.size === 2) upload.two.resolve(undefined);
    await upload.two.promise;
    return undefined;
  };
}

function addressOf(world: World, transferProcessId: string): string {
  const callback = world.connector().exchanges({ kind: 'callback', transferProcessId }).at(-1);
  const { contentDataAddress } = JSON.parse(callback?.body ?? '{}') as Record<
    string,
    Record<string, unknown>
  >;
  const address = readDataAddress(contentDataAddress ?? {}) ?? {};
  return Object.entries(address).find(([name]) => name.endsWith('baseUrl'))?.[1] ?? 'no address';
}

async function read(address: string, status: number, headers: Record<string, string> = {}): Promise<Buffer> {
  const response = await fetch(address, { headers, signal: AbortSignal.timeout(60_000) });
  const body = Buffer.from(await response.arrayBuffer());
  assert.equal(
    response.status,
    status,
    `${headers['range'] ?? 'the whole'}: ${body.toString('utf8', 0, 300)}`,
  );
  return body;
}

/** The worker's own digest, the manifest's and that of what was fetched; in the store the object has parts. */
async function assertWritten(world: World, flow: string, bytes: Buffer): Promise<void> {
  const keys = await world.bucket.results(flow);
  const manifestKey = keys.find((key) => key.endsWith('/manifest.json')) ?? '';
  const { attempt, files } = JSON.parse((await world.bucket.read(manifestKey)).toString('utf8')) as Manifest;
  const large = files.find(({ path }) => path === largeName);
  const written = (await world.bucket.read(fileKey(flow, attempt, 'sha256.txt'))).toString('utf8').trim();
  assert.equal(large?.size, largeBytes);
  assert.equal(large.sha256, written);
  assert.equal(createHash('sha256').update(bytes).digest('hex'), written);
  assert.match(large.etag, /-3$/);
}
