import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { delimiter } from 'node:path';
import { batchesOf, type Combination } from './combinations.ts';
import { runInGroup } from './process-group.ts';
import { addResults, noResults, type Results } from './read-results.ts';
import { binaries } from './requirements.ts';

const reporter = join(import.meta.dirname, 'result-reporter.ts');
const testTimeoutMillis = 1_800_000;

export interface CombinationRun {
  combination: Combination;
  /** Only these files, or those in these folders; all, if there are none. */
  named: readonly string[];
  /** What tells the tests of their servers. */
  servers: Record<string, string | undefined>;
  folder: string;
}

/** Runs the tests of a combination; what they print goes on to the terminal. */
export async function runCombination(
  { combination, named, servers, folder }: CombinationRun,
  signal: AbortSignal,
): Promise<Results> {
  const results = noResults();
  const temporary = join(folder, 'tmp');
  const env = { ...ownEnvironment(), ...servers, TMPDIR: temporary };
  for (const [index, { files, concurrency }] of batchesOf(combination, named).entries()) {
    const report = join(folder, `${combination.name}-${index}.jsonl`);
    mkdirSync(temporary, { recursive: true });
    await runInGroup([process.execPath, ...argumentsOf(report, concurrency), ...files], env, signal);
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    signal.throwIfAborted();
    await addResults(results, report);
  }
  return results;
}

function argumentsOf(report: string, concurrency: number): string[] {
  return [
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${testTimeoutMillis}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${report}`,
  ];
}

/** Without what would point the tests at other servers. */
function ownEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TEST_'));
  return { ...Object.fromEntries(kept), PATH: `${process.env['PATH'] ?? ''}${delimiter}${binaries}` };
}
