import { readFile } from 'node:fs/promises';

/** What `result-reporter.ts` writes: one of these a line. */
export type ReportLine =
  | { kind: 'skipped'; name: string; file: string; reason: string }
  | { kind: 'failed'; name: string; file: string; message: string }
  | { kind: 'file'; file: string; millis: number }
  | { kind: 'counts'; tests: number; passed: number; skipped: number; todo: number };

export interface Results {
  passed: number;
  failed: number;
  skipped: number;
  failures: { name: string; file: string; message: string }[];
  /** How many tests each reason kept from running. */
  skips: Map<string, number>;
  /** File → milliseconds. */
  files: Map<string, number>;
}

export function noResults(): Results {
  return { passed: 0, failed: 0, skipped: 0, failures: [], skips: new Map(), files: new Map() };
}

/** Adds what a run has written; a run that ended before its counts has failed, whatever it wrote. */
export async function addResults(results: Results, path: string): Promise<void> {
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  let complete = false;
  for (const line of lines) {
    const entry = JSON.parse(line) as ReportLine;
    complete ||= entry.kind === 'counts';
    addLine(results, entry);
  }
  if (complete) return;
  results.failed += 1;
  results.failures.push({ name: 'the run', file: path, message: 'ended before it had counted its tests' });
}

function addLine(results: Results, line: ReportLine): void {
  switch (line.kind) {
    case 'skipped':
      results.skips.set(line.reason, (results.skips.get(line.reason) ?? 0) + 1);
      return;
    case 'failed':
      results.failures.push(line);
      return;
    case 'file':
      results.files.set(line.file, line.millis);
      return;
    case 'counts':
      results.passed += line.passed;
      results.skipped += line.skipped + line.todo;
      results.failed += line.tests - line.passed - line.skipped - line.todo;
      return;
    default:
      line satisfies never;
  }
}
