// `npm test [-- files or options of node --test]`: unit tests, and scenarios beside them.
// `npm run test:all` adds what takes long: kills at every request, fifty kills, replicas under load, faults of a data plane for each
// conformance test.
import { spawn } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { withCompileCache } from './compile-cache.ts';
import { isLong, longestFirst, type Batch } from './testing/combinations.ts';
import { abortOnSignals } from './testing/process-group.ts';
import { describeRun, exitCodeOf } from './testing/print-summary.ts';
import { runBatches } from './testing/run-batch.ts';

const wholeOption = '--whole';
const given = process.argv.slice(2).filter((argument) => argument !== wholeOption);
const whole = process.argv.includes(wholeOption);
const listings = 'test-results';
const units = ['test/unit', 'packages'];

process.exitCode = given.length > 0 ? await runNamed() : await runAll();

/** Runs `node --test` with its usual output. */
async function runNamed(): Promise<number> {
  const options = given.filter((argument) => argument.startsWith('-'));
  const named = given.filter((argument) => !argument.startsWith('-'));
  const folders = named.length > 0 ? named : [...units, 'test/integration'];
  const files = folders.flatMap((name) =>
    name.endsWith('.ts') ? [name] : globSync(`${name}/**/*.test.ts`).sort(),
  );
  const args = ['--test', '--test-concurrency=2', '--test-timeout=1200000', ...options, ...files];
  const child = spawn(process.execPath, args, { stdio: 'inherit', env: withCompileCache(process.env) });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

async function runAll(): Promise<number> {
  const interruption = abortOnSignals();
  const folder = mkdtempSync(join(tmpdir(), 'edc-jp-tests-'));
  const listing = join(listings, 'listing.txt');
  rmSync(listings, { recursive: true, force: true });
  mkdirSync(listings);
  const start = performance.now();
  try {
    const runs = batches().map((batch, index) => {
      return { ...batch, env: environment(), report: join(folder, String(index)), listing };
    });
    const results = await runBatches(runs, say, interruption);
    const seconds = (performance.now() - start) / 1000;
    say(describeRun({ results, seconds, listing }));
    return exitCodeOf(results);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Unit tests use the processor. Scenarios wait most of the time: each has a cluster, a store and a service of its own. */
function batches(): Batch[] {
  const processors = availableParallelism();
  return [
    {
      files: globSync(units.map((folder) => `${folder}/**/*.test.ts`))
        .filter((file) => whole || !isLong(file))
        .sort(),
      concurrency: Math.max(1, processors - 1),
      shared: true,
    },
    {
      files: globSync('test/integration/**/*.test.ts')
        .filter((file) => whole || !isLong(file))
        .sort(longestFirst),
      concurrency: Math.min(5, processors + 3),
    },
  ];
}

function environment(): Record<string, string | undefined> {
  return withCompileCache({
    TEST_KILLS: whole ? 'all' : '4',
    TEST_GENERATIONS: whole ? 'all' : 'sample',
    ...process.env,
  });
}

function say(line: string): void {
  console.log(line);
}
