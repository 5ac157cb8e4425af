import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Batch } from './combinations.ts';
import { createProgress, followReport, type Progress } from './follow-report.ts';
import { runInGroup } from './process-group.ts';
import { readResults, type Results } from './read-results.ts';

const reporter = join(import.meta.dirname, 'result-reporter.ts');
const runner = join(import.meta.dirname, 'run-files.ts');

/** When more files have failed, the cause is not a busy machine. */
const mostSecondTries = 4;

export interface BatchRun extends Batch {
  env: Record<string, string | undefined>;
  /** Path of the reporter's file, without its extension. */
  report: string;
  /** File to which the whole listing is appended: each test and its output. */
  listing: string;
}

/**
 * Runs test files, all batches at once, and reports each file that has ended. Scenarios start clusters, stores and services
 * of their own, which can overload two processors: a file that fails beside others runs once more, alone, and a test that
 * passes then is reported as unsteady.
 */
export async function runBatches(
  batches: readonly BatchRun[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Results> {
  const progress = createProgress(
    batches.reduce((sum, { files }) => sum + files.length, 0),
    say,
  );
  const found = await Promise.all(batches.map((batch) => runGroups(batch, progress, signal)));
  const results: Results = new Map(found.flatMap((one) => [...one]));
  const again = [...results].filter(([, { failed }]) => failed > 0).map(([file]) => file);
  if (again.length === 0 || again.length > mostSecondTries) return results;
  // A run that was cut off is listed by its report, which cannot run again.
  if (!again.every((file) => file.endsWith('.test.ts'))) return results;
  say(`once more, alone: ${again.length} that failed`);
  for (const [file, result] of await runAlone(batches, { again, say }, signal))
    results.set(file, { ...result, unsteady: result.failed > 0 ? [] : (results.get(file)?.failures ?? []) });
  return results;
}

async function runAlone(
  batches: readonly BatchRun[],
  { again, say }: { again: readonly string[]; say: (line: string) => void },
  signal: AbortSignal,
): Promise<Results> {
  const progress = createProgress(again.length, say);
  const second: Results = new Map();
  for (const batch of batches) {
    const own = new Set(batch.files.map((file) => resolve(file)));
    const files = again.filter((file) => own.has(resolve(file)));
    if (files.length === 0) continue;
    const alone = { ...batch, files, concurrency: 1, shared: false, report: `${batch.report}-again.jsonl` };
    for (const [file, result] of await runOnce(alone, progress, signal)) second.set(file, result);
  }
  return second;
}

/** Distributes files that share processes over `concurrency` runs; other files are one run. */
async function runGroups(batch: BatchRun, progress: Progress, signal: AbortSignal): Promise<Results> {
  const { files, concurrency, shared = false, report } = batch;
  if (!shared) return await runOnce({ ...batch, report: `${report}.jsonl` }, progress, signal);
  const groups = Array.from({ length: concurrency }, (_, group) =>
    files.filter((_, index) => index % concurrency === group),
  ).filter((group) => group.length > 0);
  const found = await Promise.all(
    groups.map((group, index) =>
      runOnce({ ...batch, files: group, report: `${report}-${index}.jsonl` }, progress, signal),
    ),
  );
  return new Map(found.flatMap((results) => [...results]));
}

async function runOnce(batch: BatchRun, progress: Progress, signal: AbortSignal): Promise<Results> {
  const { files, env, report } = batch;
  const ended = new AbortController();
  const following = followReport(report, progress, ended.signal);
  const listing = openSync(batch.listing, 'a');
  try {
    await runInGroup([process.execPath, ...argumentsOf(batch), ...files], { env, output: listing }, signal);
  } finally {
    closeSync(listing);
    ended.abort();
    await following;
  }
  signal.throwIfAborted();
  return await readResults(report, files);
}

const timeouts = { shared: 300_000, alone: 1_800_000 };

function argumentsOf({ report, concurrency, shared = false }: BatchRun): string[] {
  if (!shared) return [runner, String(concurrency), String(timeouts.alone), report];
  return [
    '--test',
    '--test-isolation=none',
    // A handle that a test has left open must not keep a shared process alive.
    '--test-force-exit',
    `--test-timeout=${timeouts.shared}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${report}`,
  ];
}
