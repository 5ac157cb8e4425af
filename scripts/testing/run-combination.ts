import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { batchesOf, type Combination, type Extent } from './combinations.ts';
import { withCompileCache } from '../compile-cache.ts';
import type { Results } from './read-results.ts';
import { binaries } from './requirements.ts';
import { runBatches } from './run-batch.ts';

export interface CombinationRun {
  combination: Combination;
  /** Only these files and folders; all if there are none. */
  named: readonly string[];
  extent: Extent;
  /** The variables that name the servers for the tests. */
  servers: Record<string, string | undefined>;
  folder: string;
  /** File to which the output of the tests is appended. */
  listing: string;
}

/** Runs the tests of a combination and prints which files have ended. */
export async function runCombination(
  { combination, named, extent, servers, folder, listing }: CombinationRun,
  signal: AbortSignal,
): Promise<Results> {
  const results: Results = new Map();
  const temporary = join(folder, 'tmp');
  const samples = extent === 'whole' ? { TEST_KILLS: 'all', TEST_GENERATIONS: 'all' } : {};
  const env = { ...withCompileCache(ownEnvironment()), ...samples, ...servers, TMPDIR: temporary };
  for (const [index, batch] of batchesOf(combination, { named, extent }).entries()) {
    const report = join(folder, `${combination.name}-${index}`);
    mkdirSync(temporary, { recursive: true });
    const found = await runBatches([{ ...batch, env, report, listing }], say, signal);
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    for (const [file, result] of found) results.set(file, result);
  }
  return results;
}

/** The environment without variables that name other servers. */
function ownEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TEST_'));
  return { ...Object.fromEntries(kept), PATH: `${process.env['PATH'] ?? ''}${delimiter}${binaries}` };
}

function say(line: string): void {
  console.log(line);
}
