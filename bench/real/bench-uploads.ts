import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { binaries } from '../../scripts/testing/requirements.ts';
import { emptyBucket, startBenchStore, type BenchStore } from '../bench-store.ts';
import { makeBigResult, makeSmallResults, type Results } from '../make-results.ts';
import { inTurns, median } from './in-turns.ts';
import type { RatioRow } from './print-ratios.ts';
import { install, runCommand, startMinio } from './servers.ts';
import {
  mcClient,
  rcloneClient,
  sidecarClient,
  type UploadClient,
  type UploadRun,
} from './upload-clients.ts';
import type { RealBench } from './run-real.ts';

const mebibyte = 1024 * 1024;

/** Compares the uploads of the sidecar, `mc` and `rclone` to one MinIO on this machine. */
export async function benchUploads({ folder, quick, rounds }: RealBench): Promise<RatioRow[]> {
  await using stack = new AsyncDisposableStack();
  const own = join(folder, 'uploads');
  await mkdir(own);
  const minio = await startMinio(own, stack);
  const store = await startBenchStore(own, minio, stack);
  const clients = await findClients();
  const bench = { folder: own, store, clients, rounds };
  await warmSidecar(own, store);
  const [bytes, files] = quick ? [256 * mebibyte, 2000] : [1024 * mebibyte, 10_000];
  const big = await makeBigResult(join(own, 'big'), bytes);
  const bigRows = await benchUpload({ ...bench, results: big });
  await rm(big.folder, { recursive: true });
  const small = await makeSmallResults(join(own, 'small'), files, 4096);
  return [...bigRows, ...(await benchUpload({ ...bench, results: small }))];
}

/** Runs the sidecar once without a measurement to fill its compile cache, as in the image. */
async function warmSidecar(folder: string, store: BenchStore): Promise<void> {
  const results = await makeSmallResults(join(folder, 'warm'), 1, 4096);
  await sidecarClient.upload({ folder, store, results, prefix: 'warm' });
  await emptyBucket(store);
}

async function findClients(): Promise<UploadClient[]> {
  await install('mc', 'rclone');
  return [sidecarClient, mcClient(join(binaries, 'mc')), rcloneClient(join(binaries, 'rclone'))];
}

interface UploadBench {
  folder: string;
  store: BenchStore;
  clients: UploadClient[];
  rounds: number;
  results: Results;
}

async function benchUpload({ folder, store, clients, rounds, results }: UploadBench): Promise<RatioRow[]> {
  const runs = await inTurns(clients, rounds, async (client, round) => {
    // Pending writes of the run before must not slow this one down.
    await runCommand('sync', []);
    const run = await client.upload({
      folder,
      store,
      results,
      prefix: `${client.name}-${results.files}-${round}`,
    });
    await emptyBucket(store);
    process.stderr.write(`${results.name}, ${client.name}, round ${round}: ${describe(run)}\n`);
    return run;
  });
  return rowsOf(results, runs);
}

function describe({ wallSeconds, cpuSeconds, peakBytes }: UploadRun): string {
  return `${wallSeconds.toFixed(2)} s, CPU ${cpuSeconds.toFixed(2)} s, peak ${Math.round(peakBytes / mebibyte)} MiB`;
}

function rowsOf(results: Results, runs: Map<UploadClient, UploadRun[]>): RatioRow[] {
  const medians = new Map(Array.from(runs, ([client, of]) => [client.name, medianRun(of)]));
  const [ours, mc, rclone] = [medians.get('sidecar'), medians.get('mc'), medians.get('rclone')];
  const single = results.files === 1;
  const goals: UploadGoals = single
    ? { wall: { atMostRatio: 1.3 }, cpu: { atMostRatio: 2 }, peak: { atMost: 128 } }
    : { wall: { atMostRatio: 0.9 }, peak: { atMost: 128 } };
  const beside = { name: results.name, ours };
  return [
    ...compare({ ...beside, theirs: mc, command: single ? 'mc cp' : 'mc mirror', goals }),
    ...compare({ ...beside, theirs: rclone, command: single ? 'rclone copyto' : 'rclone copy', goals: {} }),
  ];
}

type Goal = NonNullable<RatioRow['goal']>;
interface UploadGoals {
  wall?: Goal;
  cpu?: Goal;
  peak?: Goal;
}

interface Comparison {
  name: string;
  ours: UploadRun | undefined;
  theirs: UploadRun | undefined;
  command: string;
  goals: UploadGoals;
}

function compare({ name, ours, theirs, command: beside, goals }: Comparison): RatioRow[] {
  if (ours === undefined || theirs === undefined) return [];
  function row(what: string, of: (run: UploadRun) => number, goal: Goal | undefined): RatioRow {
    const unit = what === 'peak memory' ? 'MiB' : 's';
    const values = { ours: of(ours ?? nothing), theirs: of(theirs ?? nothing) };
    return { name: `${name}: ${what}`, unit, ...values, beside, ...(goal === undefined ? {} : { goal }) };
  }
  return [
    row('wall', (run) => run.wallSeconds, goals.wall),
    row('CPU', (run) => run.cpuSeconds, goals.cpu),
    row('peak memory', (run) => run.peakBytes / mebibyte, goals.peak),
  ];
}

const nothing: UploadRun = { wallSeconds: NaN, cpuSeconds: NaN, peakBytes: NaN };

function medianRun(runs: UploadRun[]): UploadRun {
  return {
    wallSeconds: median(runs.map((run) => run.wallSeconds)),
    cpuSeconds: median(runs.map((run) => run.cpuSeconds)),
    // The peak has a hard limit, so the worst run counts.
    peakBytes: Math.max(...runs.map((run) => run.peakBytes)),
  };
}
