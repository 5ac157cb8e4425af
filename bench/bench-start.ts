import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startSidecar } from './bench-sidecar.ts';
import type { BenchStore } from './bench-store.ts';
import { startMeasured, untilFile, type MeasuredProcess } from './measured-process.ts';
import type { Measurement } from './report.ts';

const mebibyte = 1024 * 1024;
const starts = 5;
/** Memory is read after this time, when the sidecar has scanned a few times. */
const restMillis = 5_000;
const bareNode = `require('node:fs').writeFileSync(process.argv[1], ''); setInterval(() => undefined, 1e6)`;

interface Start {
  seconds: number;
  process: MeasuredProcess;
}

/** Measures start to ready (the file that a startup probe tests) and memory at rest, with a filled compile cache as in the image. */
export async function benchStart({
  folder,
  store,
}: {
  folder: string;
  store: BenchStore;
}): Promise<Measurement[]> {
  const results = join(folder, 'no-results');
  await mkdir(results);
  async function sidecar(name: string): Promise<Start> {
    return timed(async () => startSidecar({ folder, store, results, name }));
  }
  async function bare(name: string): Promise<Start> {
    const file = join(folder, name);
    return timed(async () => {
      const measured = startMeasured(['-e', bareNode, file], {});
      await untilFile(file, measured.child);
      return measured;
    });
  }
  // Ends in order, so that its compile cache is written.
  await (await sidecar('start-warm')).process.end('SIGTERM');
  const [ours, theirs] = [
    await measureStarts(sidecar, 'start-sidecar'),
    await measureStarts(bare, 'start-bare'),
  ];
  return [
    {
      name: 'memory at rest',
      kind: 'memory',
      ours: ours.restBytes,
      theirs: theirs.restBytes,
      goalBytes: 64 * mebibyte,
    },
    { name: 'start to ready', kind: 'time', ours: ours.seconds, theirs: theirs.seconds, goalRatio: 3 },
  ];
}

async function measureStarts(
  start: (name: string) => Promise<Start>,
  name: string,
): Promise<{ restBytes: number; seconds: number }> {
  let best = Infinity;
  let restBytes = 0;
  for (let index = 1; index <= starts; index += 1) {
    const { seconds, process: measured } = await start(`${name}-${index}`);
    best = Math.min(best, seconds);
    if (index === starts) {
      await delay(restMillis);
      restBytes = measured.memory().restBytes;
    }
    await measured.end('SIGTERM');
  }
  return { restBytes, seconds: best };
}

async function timed(start: () => Promise<MeasuredProcess>): Promise<Start> {
  const started = performance.now();
  const measured = await start();
  return { seconds: (performance.now() - started) / 1000, process: measured };
}
