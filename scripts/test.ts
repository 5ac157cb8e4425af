// `npm test [-- files or options of node --test]`: unit tests first, since they say most precisely what broke, then scenarios.
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { longestFirst } from './test-real/combinations.ts';
import { describeResults } from './test-real/print-summary.ts';
import { withCompileCache } from './compile-cache.ts';
import { runBatch } from './test-real/run-batch.ts';

const given = process.argv.slice(2);
const options = given.filter((argument) => argument.startsWith('-'));
const env = withCompileCache(process.env);
const named = given.filter((argument) => !argument.startsWith('-'));

if (given.length > 0) process.exitCode = await runNamed();
else process.exitCode = (await runUnitTests()) || (await runScenarios());

async function runNamed(): Promise<number> {
  const folders = named.length > 0 ? named : ['test/unit', 'test/integration'];
  const files = folders.flatMap((name) =>
    name.endsWith('.ts') ? [name] : globSync(`${name}/**/*.test.ts`).sort(),
  );
  return await run(['--test', '--test-concurrency=2', '--test-timeout=1200000', ...options, ...files]);
}

async function runUnitTests(): Promise<number> {
  const concurrency = `--test-concurrency=${availableParallelism()}`;
  return await run([
    '--test',
    concurrency,
    '--test-timeout=1200000',
    ...globSync('test/unit/**/*.test.ts').sort(),
  ]);
}

/** Each scenario has a cluster, a store and a service of its own. */
async function runScenarios(): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      interruption.abort(new Error(`interrupted by ${signal}`));
    });
  const folder = mkdtempSync(join(tmpdir(), 'edc-jp-tests-'));
  try {
    // They wait more than they work.
    const concurrency = Math.min(3, availableParallelism() + 1);
    const files = globSync('test/integration/**/*.test.ts').sort(longestFirst);
    const batch = { files, concurrency, env, report: join(folder, 'scenarios') };
    const results = await runBatch(batch, interruption.signal);
    console.log(describeResults(results).join('\n'));
    return [...results.values()].some(({ failed }) => failed > 0) ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Exit code of one run; a signal counts as a failure. */
function run(args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}
