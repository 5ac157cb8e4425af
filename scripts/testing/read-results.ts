import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

/** One line of the file that `result-reporter.ts` writes. */
export type ReportLine =
  | { kind: 'skipped'; name: string; file: string; reason: string }
  | { kind: 'failed'; name: string; file: string; message: string; detail: string }
  | { kind: 'file'; file: string; millis: number; passed: number; failed: number; skipped: number }
  | { kind: 'end' };

export interface Failure {
  name: string;
  message: string;
  /** The stack or the message, cut to a bound. */
  detail: string;
}

export interface FileResult {
  millis: number;
  passed: number;
  failed: number;
  skipped: number;
  failures: Failure[];
  /** The reason of each test that was skipped. */
  skips: string[];
  /** Tests that failed beside other scenarios and passed alone. */
  unsteady: Failure[];
}

/** By file. */
export type Results = Map<string, FileResult>;

/** Reads the results of a run. A run without an `end` line has failed, whatever else it wrote. */
export async function readResults(path: string, files: readonly string[]): Promise<Results> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const entries = lines.map((line) => JSON.parse(line) as ReportLine);
  const results: Results = new Map();
  for (const entry of attributed(entries, new Set(files.map((file) => resolve(file)))))
    addEntry(results, entry);
  if (!entries.some(({ kind }) => kind === 'end')) {
    const message = 'ended before it had counted its tests';
    const failures = [{ name: 'the run', message, detail: message }];
    results.set(path, { ...emptyResult(), failed: 1, failures });
  }
  return results;
}

/** Counts tests that a scenario imports from other files as its own; the runner writes its `file` line after them. */
function attributed(entries: readonly ReportLine[], files: ReadonlySet<string>): ReportLine[] {
  let imported: Extract<ReportLine, { kind: 'failed' | 'skipped' }>[] = [];
  return entries.flatMap((entry): ReportLine[] => {
    if ((entry.kind === 'failed' || entry.kind === 'skipped') && !files.has(entry.file)) {
      imported.push(entry);
      return [];
    }
    if (entry.kind !== 'file') return [entry];
    const own = imported.map((one) => ({ ...one, file: entry.file }));
    imported = [];
    return [...own, entry];
  });
}

function addEntry(results: Results, entry: ReportLine): void {
  if (entry.kind === 'end') return;
  const result = results.get(entry.file) ?? emptyResult();
  results.set(entry.file, result);
  switch (entry.kind) {
    case 'skipped':
      result.skips.push(entry.reason);
      return;
    case 'failed':
      result.failures.push(entry);
      // A file that cannot be run at all has no counts.
      result.failed = Math.max(result.failed, 1);
      return;
    case 'file': {
      const { millis, passed, skipped } = entry;
      Object.assign(result, { millis, passed, skipped, failed: Math.max(result.failed, entry.failed) });
      return;
    }
    default:
      entry satisfies never;
  }
}

function emptyResult(): FileResult {
  return { millis: 0, passed: 0, failed: 0, skipped: 0, failures: [], skips: [], unsteady: [] };
}
