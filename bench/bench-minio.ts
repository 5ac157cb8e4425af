import { fileURLToPath } from 'node:url';
import type { Run } from './bench-sidecar.ts';
import { emptyBucket, type BenchStore } from './bench-store.ts';
import type { Results } from './make-results.ts';
import { startMeasured } from './measured-process.ts';

const uploader = fileURLToPath(new URL('./minio-uploader.ts', import.meta.url));

/** Uploads the same files by minio-js' `fPutObject` in a process of its own: 16 at once, else with the library's defaults. */
export async function benchMinio(bench: {
  store: BenchStore;
  results: Results;
  round: number;
}): Promise<Run> {
  const { store, results, round } = bench;
  const child = startMeasured([uploader], {
    BENCH_ENDPOINT: store.endpoint,
    BENCH_ACCESS_KEY: store.accessKeyId,
    BENCH_SECRET_KEY: store.secretAccessKey,
    BENCH_BUCKET: store.bucket,
    BENCH_PREFIX: `minio-${round}/`,
    BENCH_FOLDER: results.folder,
  });
  const whole = await child.end();
  if (whole.code !== 0) throw new Error('minio-js did not upload');
  await emptyBucket(store);
  // The time that it measured itself, without its start: the sidecar has started before it is timed, too.
  return { seconds: Number(whole.output), peakBytes: whole.peakBytes };
}
