import { execFile } from 'node:child_process';
import { appendFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServers } from '../test/support/servers.ts';
import { readMemory } from './measured-process.ts';
import { openServiceWorld, startWithCache, type ServiceWorld } from './real/service-world.ts';
import type { Measurement } from './report.ts';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;
/** 200 MB. */
const goalMebibytes = 190;
/** Its uploads go through the service, which is as strict as by default. */
const maxBytes = 500_000_000;

interface UploadBench {
  world: ServiceWorld;
  file: string;
  /** Where a temporary file of the service would be. */
  temporary: string;
}

/**
 * A person's upload of one file by `curl`: to the service, and to the store by a presigned address. The store is in the process of the bench,
 * the service is a process of its own. Throws if a file beyond the limit is taken, or leaves anything.
 */
export async function benchUploads(
  options: { folder: string; bytes: number; rounds: number },
  stack: AsyncDisposableStack,
): Promise<Measurement[]> {
  const { bytes, rounds } = options;
  const bench = await openBench(options, stack);
  const { bucket, service } = bench.world;
  const [ours, theirs]: [number[], number[]] = [[], []];
  const store = await bucket.client.presignedPutObject(bucket.name, 'beside', 3600);
  const name = `upload of ${Math.round(bytes / 1_000_000)} MB`;
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`${name}, round ${round} of ${rounds}\n`);
    ours.push(await timed(() => upload(bench, ['-X', 'POST', '-T', bench.file], 201)));
    theirs.push(await timed(() => curl(['-T', bench.file, store], 200)));
    await bucket.client.removeObjects(bucket.name, await bucket.keys());
  }
  const peak = readMemory(service.pid ?? 0).peakBytes / mebibyte;
  if (bytes === maxBytes) await assertRefused(bench);
  const [best, beside] = [Math.min(...ours), Math.min(...theirs)];
  return [
    {
      name: `${name}: throughput (beside: curl -T to the store)`,
      kind: 'throughput',
      ours: `${Math.round(bytes / mebibyte / best)} MiB/s`,
      theirs: `${Math.round(bytes / mebibyte / beside)} MiB/s`,
      ratio: beside / best,
    },
    { name: `${name}: peak RSS`, kind: 'limit', ours: peak, goal: goalMebibytes, unit: 'MiB' },
  ];
}

async function openBench(
  { folder, bytes }: { folder: string; bytes: number },
  stack: AsyncDisposableStack,
): Promise<UploadBench> {
  const own = join(folder, 'uploads');
  const temporary = join(own, 'temporary');
  await mkdir(temporary, { recursive: true });
  const file = join(own, 'big.bin');
  await run('sh', ['-c', 'head -c "$0" /dev/urandom > "$1"', String(bytes), file]);
  const { s3, kubeconfig, sidecarImage } = await startServers(own, stack);
  const settings = { images: { sidecar: sidecarImage }, http: { unauthenticated: 'loopback' } };
  const world = stack.use(
    await openServiceWorld(
      { folder: own, kubeconfig, store: s3 },
      { callbackPrefix: 'http://127.0.0.1:9/', settings, env: { TMPDIR: temporary } },
    ),
  );
  await startWithCache(world.service, own);
  return { world, file, temporary };
}

/** One million bytes beyond the limit: as a body, as one without a length, and as a form. */
async function assertRefused(bench: UploadBench): Promise<void> {
  const { file, temporary, world } = bench;
  await appendFile(file, Buffer.alloc(1_000_000));
  for (const how of [
    ['-X', 'POST', '-T', file],
    ['-X', 'POST', '-T', file, '-H', 'Transfer-Encoding: chunked'],
    ['-F', `file=@${file}`],
    ['-F', `file=@${file}`, '-H', 'Transfer-Encoding: chunked'],
  ])
    await upload(bench, how, 413);
  const { bucket } = world;
  const left = [
    ...(await bucket.keys()),
    ...(await bucket.openUploadsBelow('')),
    ...(await readdir(temporary)),
  ];
  if (left.length > 0) throw new Error(`a refused upload left ${left.join(', ')}`);
}

async function upload({ world }: UploadBench, how: string[], status: number): Promise<void> {
  await curl([...how, `${world.service.url}/api/v1/uploads`], status);
}

async function curl(args: string[], status: number): Promise<void> {
  const options = ['-sS', '-o', '/dev/null', '-w', '%{http_code}'];
  const { stdout } = await run('curl', [...options, ...args]);
  if (stdout !== String(status)) throw new Error(`curl got ${stdout} instead of ${status}`);
}

/** Seconds. */
async function timed(act: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await act();
  const seconds = (performance.now() - start) / 1000;
  process.stderr.write(`  ${seconds.toFixed(2)} s\n`);
  return seconds;
}
