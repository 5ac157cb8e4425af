import { join } from 'node:path';
import type { Batch } from './combinations.ts';
import { runInGroup } from './process-group.ts';
import { readResults, type Results } from './read-results.ts';

const reporter = join(import.meta.dirname, 'result-reporter.ts');
const testTimeoutMillis = 1_800_000;

/** When more files than these have failed, it is not for lack of time. */
const mostSecondTries = 4;

export interface BatchRun extends Batch {
  env: Record<string, string | undefined>;
  /** Path, without extension, of what the reporter writes. */
  report: string;
  silent?: boolean;
}

/**
 * Runs files of scenarios; what they print goes on to the terminal. Scenarios start clusters, stores and services of their own, more
 * than two processors carry well: a file that fails beside others is run once more, alone, and what passes then is told as unsteady.
 */
export async function runBatch(batch: BatchRun, signal: AbortSignal): Promise<Results> {
  const { report, silent = false } = batch;
  const results = await runOnce({ ...batch, report: `${report}.jsonl` }, signal);
  const again = [...results].filter(([, { failed }]) => failed > 0).map(([file]) => file);
  if (again.length === 0 || again.length > mostSecondTries) return results;
  // What a run that was cut off has failed at is no file.
  if (!again.every((file) => file.endsWith('.test.ts'))) return results;
  if (!silent) console.log(`\n== once more, alone: ${again.join(', ')}`);
  const second = await runOnce(
    { ...batch, files: again, concurrency: 1, report: `${report}-again.jsonl` },
    signal,
  );
  for (const [file, result] of second)
    results.set(file, { ...result, unsteady: result.failed > 0 ? [] : (results.get(file)?.failures ?? []) });
  return results;
}

async function runOnce(
  { files, concurrency, env, report, silent = false }: BatchRun,
  signal: AbortSignal,
): Promise<Results> {
  const command = [process.execPath, ...argumentsOf(report, concurrency), ...files] as const;
  await runInGroup([...command], { env, silent }, signal);
  signal.throwIfAborted();
  return await readResults(report, files);
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
