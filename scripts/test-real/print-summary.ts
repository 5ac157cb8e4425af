import { relative } from 'node:path';
import type { Combination } from './combinations.ts';
import type { FileResult, Results } from './read-results.ts';

export interface Outcome {
  combination: Combination;
  seconds: number;
  /** Why it did not run. */
  notRun?: string;
  /** It should have run: counts as a failure. */
  broken?: boolean;
  results: Results;
}

/** What ran where, what failed, what was skipped and why; the last line is one of plain counts. */
export function describeOutcomes(outcomes: readonly Outcome[]): string {
  const rows = [
    ['combination', 'files', 'passed', 'failed', 'skipped', 'seconds'],
    ...outcomes.map(describeRow),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const totals = outcomes.map(countsOf);
  const [passed, failed, skipped] = (['passed', 'failed', 'skipped'] as const).map((key) =>
    totals.reduce((sum, counts) => sum + counts[key], 0),
  );
  return [
    '',
    ...table,
    ...outcomes.flatMap(describeDetails),
    '',
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ].join('\n');
}

export function countsOf({ results, broken = false }: Outcome): {
  passed: number;
  failed: number;
  skipped: number;
} {
  function total(key: 'passed' | 'failed' | 'skipped'): number {
    return [...results.values()].reduce((sum, result) => sum + result[key], 0);
  }
  return { passed: total('passed'), failed: total('failed') + (broken ? 1 : 0), skipped: total('skipped') };
}

function describeRow(outcome: Outcome): string[] {
  const { combination, results, seconds, notRun } = outcome;
  const { passed, failed, skipped } = countsOf(outcome);
  const title = `${combination.name} (${combination.title})${notRun === undefined ? '' : ': not run'}`;
  return [title, ...[results.size, passed, failed, skipped, Math.round(seconds)].map(String)];
}

function describeDetails({ combination: { name }, results, notRun }: Outcome): string[] {
  const lines = [...(notRun === undefined ? [] : [`  not run: ${notRun}`]), ...describeResults(results)];
  return lines.length === 0 ? [] : ['', `${name}:`, ...lines];
}

/** What failed, what passed only alone, what was skipped and why, and where the time went. */
export function describeResults(results: Results): string[] {
  const files = [...results];
  return [
    ...files.flatMap(([file, { failures }]) => failures.map((one) => `  failed: ${describe(file, one)}`)),
    ...files.flatMap(([file, { unsteady }]) =>
      unsteady.map((one) => `  unsteady, passed alone: ${describe(file, one)}`),
    ),
    ...skipsOf(files.map(([, result]) => result)),
    ...slowest(files),
  ];
}

function describe(file: string, { name, message }: FileResult['failures'][number]): string {
  return `${relative('.', file)}: ${name}: ${message}`;
}

function skipsOf(results: readonly FileResult[]): string[] {
  const byReason = Map.groupBy(
    results.flatMap(({ skips }) => skips),
    (reason) => reason,
  );
  return [...byReason].map(([reason, { length }]) => `  skipped ${length}: ${reason}`);
}

function slowest(files: readonly [string, FileResult][]): string[] {
  const longest = files.toSorted(([, a], [, b]) => b.millis - a.millis).slice(0, 5);
  if (longest.length === 0) return [];
  const told = longest.map(
    ([file, { millis }]) => `${relative('test/integration', file)} ${Math.round(millis / 1000)} s`,
  );
  return [`  slowest: ${told.join(', ')}`];
}
