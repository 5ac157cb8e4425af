import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emptyBucket, type BenchStore } from './bench-store.ts';
import type { Results } from './make-results.ts';
import { startMeasured, untilFile, type MeasuredProcess } from './measured-process.ts';

export type SidecarStore = Omit<BenchStore, 'client'>;

export const executable = fileURLToPath(new URL('../bin/edc-job-provisioner.js', import.meta.url));

export interface Run {
  seconds: number;
  peakBytes: number;
}

interface SidecarBench {
  folder: string;
  store: BenchStore;
  results: Results;
  round: number;
}

/** Measures from SIGTERM to the end with everything still to upload, so that the whole upload is timed. */
export async function benchSidecar({ folder, store, results, round }: SidecarBench): Promise<Run> {
  const name = `${results.files}-${round}`;
  const sidecar = await startSidecar({ folder, store, results: results.folder, name });
  const start = performance.now();
  const { code, peakBytes } = await sidecar.end('SIGTERM');
  const seconds = (performance.now() - start) / 1000;
  const message = await readFile(join(folder, name, 'message'), 'utf8');
  if (code !== 0) throw new Error(`the sidecar ended with ${String(code)}: ${message}`);
  await emptyBucket(store);
  return { seconds, peakBytes };
}

export interface SidecarStart {
  folder: string;
  store: SidecarStore;
  results: string;
  name: string;
}

export async function startSidecar(start: SidecarStart): Promise<MeasuredProcess> {
  const sidecar = startMeasured([executable, 'sidecar'], await sidecarEnvironment(start));
  await untilFile(join(start.folder, start.name, 'started'), sidecar.child);
  return sidecar;
}

/** The environment of a pod, with scans so far apart that nothing is uploaded before SIGTERM. Its state is in `folder/name`. */
export async function sidecarEnvironment({
  folder,
  store,
  results,
  name,
}: SidecarStart): Promise<Record<string, string>> {
  const state = join(folder, name);
  await mkdir(state, { recursive: true });
  await writeFile(join(state, 'accessKeyId'), store.accessKeyId);
  await writeFile(join(state, 'secretAccessKey'), store.secretAccessKey);
  return {
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
    SIDECAR_RESULTS: results,
    SIDECAR_STATE: state,
    SIDECAR_CREDENTIALS: state,
    SIDECAR_FLOW: 'flow-bench',
    SIDECAR_ATTEMPT: name,
    SIDECAR_ENDPOINT: store.endpoint,
    SIDECAR_REGION: 'us-east-1',
    SIDECAR_BUCKET: store.bucket,
    SIDECAR_GRACE_SECONDS: '3600',
    SIDECAR_RELEASE_AFTER_UPLOAD: 'false',
    SIDECAR_TERMINATION_MESSAGE: join(state, 'message'),
    SIDECAR_SETTLE_MILLIS: '1000000000',
  };
}
