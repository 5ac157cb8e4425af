import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { manifestKey } from '../src/flow/keys.ts';
import { fileKey, type Manifest } from '../src/result/manifest.ts';
import { nodeOptions } from '../test/support/service-process.ts';
import { startBenchStore, type BenchStore } from './bench-store.ts';
import { makeBigResult, type Results } from './make-results.ts';
import { startMeasured } from './measured-process.ts';
import { startBenchSink, type BenchSink } from './push-sink.ts';
import type { Measurement } from './report.ts';

const mebibyte = 1024 * 1024;
/** 200 MB. */
const goalMebibytes = 190;
const [flow, attempt] = ['flow-aaaabbbbccccddddeeeeffff22', '0b5f1f0e-6d5c-4a43-9d35-2d0e6f6b7a11'];
const pusher = fileURLToPath(new URL('./push-process.ts', import.meta.url));

interface PushBench {
  store: BenchStore;
  sink: BenchSink;
  key: string;
  bytes: number;
}

interface Run {
  seconds: number;
  peakBytes: number;
}

/**
 * One file of results from the store to a sink that counts its bytes: by the service's transfer engine, in a process that has loaded all of
 * the service; and by one `curl` that reads a presigned address, piped into a `curl -T -`. Store and sink are in the process of the bench.
 */
export async function benchPush(
  options: { folder: string; bytes: number; rounds: number; endpoint?: string | undefined },
  stack: AsyncDisposableStack,
): Promise<Measurement[]> {
  const { bytes, rounds, endpoint } = options;
  const folder = join(options.folder, 'push');
  await mkdir(folder);
  const store = await startBenchStore(folder, endpoint, stack);
  const sink = await startBenchSink(stack);
  const key = await storeResults(store, await makeBigResult(join(folder, 'big'), bytes));
  const bench = { store, sink, key, bytes };
  const [ours, theirs]: [Run[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`push of ${bytes / mebibyte} MiB, round ${round} of ${rounds}\n`);
    ours.push(await runPush(bench));
    theirs.push(await runCurl(bench));
  }
  process.stderr.write('push with one dropped connection\n');
  const dropped = await runPush(bench, bytes / 2);
  const [best, beside] = [Math.min(...ours.map(({ seconds }) => seconds)), Math.min(...theirs)];
  const name = `push of ${bytes / mebibyte} MiB`;
  return [
    {
      name: `${name}: throughput (beside: curl | curl -T -)`,
      kind: 'throughput',
      ours: rateOf(bytes, best),
      theirs: rateOf(bytes, beside),
      ratio: beside / best,
      goalRatio: 0.8,
    },
    memoryOf(
      name,
      ours.map(({ peakBytes }) => peakBytes),
    ),
    memoryOf(`${name}, connection dropped once`, [dropped.peakBytes]),
  ];
}

function rateOf(bytes: number, seconds: number): string {
  return `${Math.round(bytes / mebibyte / seconds)} MiB/s`;
}

function memoryOf(name: string, peaks: number[]): Measurement {
  return {
    name: `${name}: peak RSS`,
    kind: 'limit',
    ours: Math.max(...peaks) / mebibyte,
    goal: goalMebibytes,
    unit: 'MiB',
  };
}

/** As a sidecar leaves it: the file, and the manifest last. Returns the key of the file. */
async function storeResults({ client, bucket }: BenchStore, results: Results): Promise<string> {
  const [name = ''] = results.paths;
  const path = join(results.folder, name);
  const sha256 = createHash('sha256');
  let sum = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: mebibyte }) as AsyncIterable<Buffer>) {
    sha256.update(chunk);
    sum = crc32(chunk, sum);
  }
  const key = fileKey(flow, attempt, name);
  const { etag } = await client.fPutObject(bucket, key, path);
  const now = new Date().toISOString();
  const file = { path: name, key: name, size: results.bytes, sha256: sha256.digest('hex'), etag };
  const files = [{ ...file, crc32: sum.toString(16).padStart(8, '0'), modifiedAt: now }];
  const manifest: Manifest = { version: 1, flow, attempt, createdAt: now, files };
  await client.putObject(bucket, manifestKey(flow, attempt), Buffer.from(JSON.stringify(manifest)));
  return key;
}

async function runPush({ store, sink, bytes }: PushBench, dropAt?: number): Promise<Run> {
  sink.reset(dropAt);
  const child = startMeasured([...nodeOptions, pusher], {
    BENCH_ENDPOINT: store.endpoint,
    BENCH_ACCESS_KEY: store.accessKeyId,
    BENCH_SECRET_KEY: store.secretAccessKey,
    BENCH_BUCKET: store.bucket,
    BENCH_FLOW: flow,
    BENCH_ATTEMPT: attempt,
    BENCH_SINK: sink.url,
  });
  const { code, output, peakBytes } = await child.end();
  if (code !== 0 || sink.received() !== bytes) throw new Error(`the push failed: ${output}`);
  const { seconds, attempts } = JSON.parse(output) as { seconds: number; attempts: number };
  if (attempts !== (dropAt === undefined ? 1 : 2)) throw new Error(`the push took ${attempts} attempts`);
  process.stderr.write(`  pushed in ${seconds.toFixed(2)} s, ${Math.round(peakBytes / mebibyte)} MiB\n`);
  return { seconds, peakBytes };
}

/** Returns the seconds from the start of both processes to their end. */
async function runCurl({ store, sink, key, bytes }: PushBench): Promise<number> {
  sink.reset();
  const url = await store.client.presignedGetObject(store.bucket, key, 3600);
  const start = performance.now();
  const curl = spawn('sh', ['-c', 'curl -sSf "$SOURCE" | curl -sSf -T - "$SINK"'], {
    env: { ...process.env, SOURCE: url, SINK: sink.url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(curl, 'exit')) as [number | null];
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0 || sink.received() !== bytes)
    throw new Error(`curl sent ${sink.received()} bytes instead of ${bytes}`);
  process.stderr.write(`  curl in ${seconds.toFixed(2)} s\n`);
  return seconds;
}
