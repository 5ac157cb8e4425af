// As in the service, whose modules take most of its memory.
import '../src/app.ts';
import { systemClock } from '../src/clock.ts';
import { readManifest } from '../src/result/read-manifest.ts';
import { createObjectStore } from '../src/storage/minio-store.ts';
import { pushResults } from '../src/transfer/push-results.ts';

/** Pushes the results of one flow, and prints how it ended and the seconds that it took. */
const { env } = process;
const { store } = createObjectStore(
  {
    endpoint: env['BENCH_ENDPOINT'] ?? '',
    publicEndpoint: env['BENCH_ENDPOINT'] ?? '',
    region: 'us-east-1',
    bucket: env['BENCH_BUCKET'] ?? '',
    requestTimeoutMillis: 60_000,
  },
  { accessKeyId: env['BENCH_ACCESS_KEY'] ?? '', secretAccessKey: env['BENCH_SECRET_KEY'] ?? '' },
);
const { signal } = new AbortController();
const reading = await readManifest(
  { store, flow: env['BENCH_FLOW'] ?? '', attempt: env['BENCH_ATTEMPT'] ?? '' },
  signal,
);
if (!reading.found) throw new Error(reading.message);
const start = performance.now();
const end = await pushResults(
  {
    store,
    stored: reading.stored,
    choice: { kind: 'auto', archive: 'zip' },
    sink: { url: env['BENCH_SINK'] ?? '', method: 'PUT', headers: {} },
    clock: systemClock,
    limits: {
      idleMillis: 60_000,
      totalMillis: 3_600_000,
      attempts: 5,
      backOff: { firstMillis: 100, maxMillis: 1000 },
      retryAfterMillis: 1000,
    },
  },
  signal,
);
process.stdout.write(JSON.stringify({ ...end, seconds: (performance.now() - start) / 1000 }));
process.exit(end.result === 'done' ? 0 : 1);
