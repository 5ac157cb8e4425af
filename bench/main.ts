import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchMinio } from './bench-minio.ts';
import { benchSidecar } from './bench-sidecar.ts';
import { benchStart } from './bench-start.ts';
import { makeBigResult, makeSmallResults, type Results } from './make-results.ts';
import { startBenchStore, type BenchStore } from './bench-store.ts';
import { printReport, type Measurement } from './report.ts';

const mebibyte = 1024 * 1024;
const help = `Usage: npm run bench [-- options]

The sidecar's memory, start and throughput beside bare Node's and minio-js's, against one store in the same run; a push of
results to a sink beside curl; a download and an upload through the service beside those of the store; how often the service calls a connector that always fails; and two replicas over 10,000
active flows: their memory, their start, and how long after the Lease is free the next leader takes its first step.

  --quick       64 MiB and 500 small files instead of 2 GiB and 10,000, calls of 10 s instead of 30, 1,000 flows
  --rounds N    uploads in turns, the best of each counts (default: 2)
  --strict      end with exit code 1 if a goal of memory or of calls is missed
  --endpoint U  another S3 server than the embedded one (keys from S3_ACCESS_KEY and S3_SECRET_KEY)

  --real        on real servers, which it starts and stops itself: the sidecar beside mc and rclone, the service beside
                scripts that make the same calls; medians of 3 rounds; --strict checks all goals, --quick uses smaller sizes
  --only PART   one part alone (may be given again): sidecar, push, transfers, calls or replicas; with --real uploads, accept, callback,
                burst or flows
`;

/** Exits with 1 if it cannot run, or with --strict if a goal of memory or of calls is missed. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      strict: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      real: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      endpoint: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const rounds = Math.max(1, Number(values.rounds ?? (values.real ? 3 : 2)));
  if (values.real) {
    await benchReal({ folder, quick: values.quick, rounds, only: values.only, strict: values.strict });
    return;
  }
  const measurements: Measurement[] = [];
  for (const [part, measure] of Object.entries(plainParts)) {
    if (values.only.length > 0 && !values.only.includes(part)) continue;
    measurements.push(...(await measure({ ...values, folder, rounds }, stack)));
  }
  const met = printReport(measurements);
  if (values.strict && !met) process.exitCode = 1;
}

interface PlainBench {
  folder: string;
  quick: boolean;
  rounds: number;
  endpoint?: string | undefined;
}

const plainParts: Record<string, (bench: PlainBench, stack: AsyncDisposableStack) => Promise<Measurement[]>> =
  {
    sidecar: benchUploads,
    async push({ folder, quick, rounds, endpoint }, stack) {
      const { benchPush } = await import('./bench-push.ts');
      return await benchPush({ folder, bytes: (quick ? 64 : 2048) * mebibyte, rounds, endpoint }, stack);
    },
    async transfers({ folder, quick, rounds }, stack) {
      const { benchTransfers } = await import('./bench-transfers.ts');
      const { benchUploads } = await import('./bench-uploads.ts');
      return [
        ...(await benchTransfers({ folder, bytes: (quick ? 64 : 2048) * mebibyte, rounds }, stack)),
        ...(await benchUploads({ folder, bytes: quick ? 64 * mebibyte : 500_000_000, rounds }, stack)),
      ];
    },
    async calls({ folder, quick }) {
      const { benchAttempts } = await import('./bench-attempts.ts');
      return await benchAttempts({ folder, seconds: quick ? 10 : 30 });
    },
    async replicas({ folder, quick }) {
      const { benchReplicas } = await import('./bench-replicas.ts');
      return await benchReplicas({ folder, flows: quick ? 1000 : 10_000 });
    },
  };

async function benchUploads(
  { folder, quick, rounds, endpoint }: PlainBench,
  stack: AsyncDisposableStack,
): Promise<Measurement[]> {
  const store = await startBenchStore(folder, endpoint, stack);
  const measurements: Measurement[] = [...(await benchStart({ folder, store }))];
  const [size, count] = quick ? [64 * mebibyte, 500] : [2048 * mebibyte, 10_000];
  const big = await makeBigResult(join(folder, 'big'), size);
  measurements.push(...(await benchUpload({ folder, store, rounds, results: big })));
  await rm(big.folder, { recursive: true });
  const small = await makeSmallResults(join(folder, 'small'), count, 4096);
  measurements.push(...(await benchUpload({ folder, store, rounds, results: small })));
  return measurements;
}

interface RealOptions {
  folder: string;
  quick: boolean;
  rounds: number;
  only: string[];
  strict: boolean;
}

/** Loads its modules only here, since they load the service's. An interruption stops the servers that it started. */
async function benchReal({ only, strict, ...bench }: RealOptions): Promise<void> {
  const { runReal } = await import('./real/run-real.ts');
  const { stopServers } = await import('./real/servers.ts');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      stopServers();
      process.exit(130);
    });
  }
  if (!(await runReal(bench, only)) && strict) process.exitCode = 1;
}

interface UploadBench {
  folder: string;
  store: BenchStore;
  rounds: number;
  results: Results;
}

/** Runs both in turns, so that load on the machine affects both, and compares the fastest round of each. */
async function benchUpload({ folder, store, rounds, results }: UploadBench): Promise<Measurement[]> {
  const [sidecar, minio] = [
    { seconds: Infinity, peakBytes: 0 },
    { seconds: Infinity, peakBytes: 0 },
  ];
  for (let round = 1; round <= rounds; round += 1) {
    process.stderr.write(`${results.name}, round ${round} of ${rounds}\n`);
    const ours = await benchSidecar({ folder, store, results, round });
    const theirs = await benchMinio({ store, results, round });
    for (const [best, run] of [
      [sidecar, ours],
      [minio, theirs],
    ] as const) {
      best.seconds = Math.min(best.seconds, run.seconds);
      best.peakBytes = Math.max(best.peakBytes, run.peakBytes);
    }
  }
  return [
    {
      name: `${results.name}: peak RSS`,
      kind: 'memory',
      ours: sidecar.peakBytes,
      theirs: minio.peakBytes,
      goalBytes: 128 * mebibyte,
    },
    {
      name: `${results.name}: throughput`,
      kind: 'throughput',
      ours: rateOf(results, sidecar.seconds),
      theirs: rateOf(results, minio.seconds),
      ratio: minio.seconds / sidecar.seconds,
      goalRatio: 1,
    },
  ];
}

function rateOf({ files, bytes }: Results, seconds: number): string {
  if (files === 1) return `${Math.round(bytes / mebibyte / seconds)} MiB/s`;
  return `${Math.round(files / seconds)} files/s`;
}

await main();
