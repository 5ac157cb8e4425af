import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServers } from '../test/support/servers.ts';
import { shellTemplate } from '../test/support/shell-template.ts';
import { readMemory } from './measured-process.ts';
import { openServiceWorld, startWithCache, type ServiceWorld } from './real/service-world.ts';
import type { Measurement } from './report.ts';

const mebibyte = 1024 * 1024;
/** 200 MB. */
const goalMebibytes = 190;
const deadlineMillis = 600_000;

interface TransferBench {
  world: ServiceWorld;
  /** Of one file of results, in the service and in the store. */
  addresses: { service: string; store: string };
  bytes: number;
}

/**
 * A person's download of one file of results by `curl`: from the service, and from the store by a presigned address. The store is in the
 * process of the bench, the service is a process of its own.
 */
export async function benchTransfers(
  options: { folder: string; bytes: number; rounds: number },
  stack: AsyncDisposableStack,
): Promise<Measurement[]> {
  const { bytes, rounds } = options;
  const bench = await openBench(options, stack);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`download of ${bytes / mebibyte} MiB, round ${round} of ${rounds}\n`);
    ours.push(await download(bench.addresses.service, bytes));
    theirs.push(await download(bench.addresses.store, bytes));
  }
  const name = `download of ${bytes / mebibyte} MiB`;
  const [best, beside] = [Math.min(...ours), Math.min(...theirs)];
  return [
    {
      name: `${name}: throughput (beside: curl from the store)`,
      kind: 'throughput',
      ours: rateOf(bytes, best),
      theirs: rateOf(bytes, beside),
      ratio: beside / best,
      goalRatio: 0.8,
    },
    memoryOf(name, bench.world),
  ];
}

function rateOf(bytes: number, seconds: number): string {
  return `${Math.round(bytes / mebibyte / seconds)} MiB/s`;
}

/** The highest of the service's whole life so far. */
function memoryOf(name: string, { service }: ServiceWorld): Measurement {
  const ours = readMemory(service.pid ?? 0).peakBytes / mebibyte;
  return { name: `${name}: peak RSS`, kind: 'limit', ours, goal: goalMebibytes, unit: 'MiB' };
}

async function openBench(
  { folder, bytes }: { folder: string; bytes: number },
  stack: AsyncDisposableStack,
): Promise<TransferBench> {
  const own = join(folder, 'transfers');
  const templates = join(own, 'templates');
  await writeTemplate(templates, bytes);
  const servers = await startServers(own, stack);
  const { s3, kubeconfig, sidecarImage } = servers;
  const settings = { images: { sidecar: sidecarImage }, http: { unauthenticated: 'loopback' } };
  const world = stack.use(
    await openServiceWorld(
      { folder: own, kubeconfig, store: s3 },
      { callbackPrefix: 'http://127.0.0.1:9/', templates, settings },
    ),
  );
  await startWithCache(world.service, own);
  process.stderr.write(`a job writes ${bytes / mebibyte} MiB\n`);
  const service = await runJob(world);
  const keys = await world.bucket.keys('flows/');
  const key = keys.find((one) => one.endsWith('/files/big.bin')) ?? '';
  const store = await world.bucket.client.presignedGetObject(world.bucket.name, key, 3600);
  return { world, addresses: { service, store }, bytes };
}

/** One file that no server can compress or store sparsely. */
async function writeTemplate(templates: string, bytes: number): Promise<void> {
  const size = `${Math.ceil(bytes / mebibyte) + 64}Mi`;
  const script = `head -c ${bytes} /dev/urandom > /results/big.bin`;
  const files = shellTemplate({ script, size, limits: { upload: '10m' } });
  await mkdir(join(templates, 'big'), { recursive: true });
  for (const [file, content] of Object.entries(files)) await writeFile(join(templates, 'big', file), content);
}

/** Returns the address of the job's only file. */
async function runJob({ service }: ServiceWorld): Promise<string> {
  const jobs = `${service.url}/api/v1/jobs`;
  const started = await fetch(jobs, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ template: 'big' }),
  });
  const { id } = (await started.json()) as { id: string };
  const deadline = AbortSignal.timeout(deadlineMillis);
  for (;;) {
    const answer = await fetch(`${jobs}/${id}`, { headers: { prefer: 'wait=20' }, signal: deadline });
    const { state } = (await answer.json()) as { state: string };
    if (state === 'succeeded') break;
    if (['failed', 'cancelled'].includes(state)) throw new Error(`the job ${id} ${state}`);
  }
  const results = await fetch(`${jobs}/${id}/results`, { signal: deadline });
  const { files } = (await results.json()) as { files: { href: string }[] };
  return new URL(files[0]?.href ?? '', service.url).href;
}

/** Returns the seconds that `curl` took. */
async function download(url: string, bytes: number): Promise<number> {
  const start = performance.now();
  const curl = spawn('curl', ['-sSf', '-o', '/dev/null', '-w', '%{size_download}', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  curl.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(curl, 'close')) as [number | null];
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0 || Number(output) !== bytes)
    throw new Error(`curl ended with ${String(code)} after ${output} of ${bytes} bytes`);
  process.stderr.write(`  ${seconds.toFixed(2)} s\n`);
  return seconds;
}
