import { mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { batchesOf, type Combination } from './combinations.ts';
import { withCompileCache } from '../compile-cache.ts';
import type { Results } from './read-results.ts';
import { binaries } from './requirements.ts';
import { runBatch } from './run-batch.ts';

export interface CombinationRun {
  combination: Combination;
  /** Only these files, or those in these folders; all, if there are none. */
  named: readonly string[];
  /** Without the scenarios of many minutes. */
  quick: boolean;
  /** What tells the tests of their servers. */
  servers: Record<string, string | undefined>;
  folder: string;
}

/** Runs the tests of a combination; what they print goes on to the terminal. */
export async function runCombination(
  { combination, named, quick, servers, folder }: CombinationRun,
  signal: AbortSignal,
): Promise<Results> {
  const results: Results = new Map();
  const temporary = join(folder, 'tmp');
  const env = { ...withCompileCache(ownEnvironment()), ...servers, TMPDIR: temporary };
  for (const [index, batch] of batchesOf(combination, { named, quick }).entries()) {
    const report = join(folder, `${combination.name}-${index}`);
    mkdirSync(temporary, { recursive: true });
    const found = await runBatch({ ...batch, env, report }, signal);
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    for (const [file, result] of found) results.set(file, result);
  }
  return results;
}

/** Without what would point the tests at other servers. */
function ownEnvironment(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TEST_'));
  return { ...Object.fromEntries(kept), PATH: `${process.env['PATH'] ?? ''}${delimiter}${binaries}` };
}
