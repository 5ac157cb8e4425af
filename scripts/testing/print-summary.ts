import { relative } from 'node:path';
import type { Combination } from './combinations.ts';
import type { FileResult, Results } from './read-results.ts';

export interface Outcome {
  combination: Combination;
  seconds: number;
  /** Why it did not run. */
  notRun?: string;
  /** It should have run, and counts as a failure. */
  broken?: boolean;
  results: Results;
}

/** Lists the combinations with their counts, failures and skips; the last line has plain counts. */
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
  const { passed, failed, skipped } = sumOf(results);
  return { passed, failed: failed + (broken ? 1 : 0), skipped };
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

/** Lists the failures of one run with their details, and the path of the whole listing; the last line has plain counts. */
export function describeRun({ results, seconds, listing }: TestRun): string {
  const { passed, failed, skipped, unsteady } = sumOf(results);
  return [
    '',
    ...describeResults(results),
    ...[...results].flatMap(([, { failures }]) =>
      failures.map(({ name, detail }) => `\n${name}:\n${detail}`),
    ),
    ...(unsteady > mostUnsteady
      ? [`\n${unsteady} tests passed only alone; more than ${mostUnsteady} fail the run.`]
      : []),
    '',
    `${results.size} files in ${Math.round(seconds)} s; their output is in ${listing}`,
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
  ].join('\n');
}

export interface TestRun {
  results: Results;
  seconds: number;
  /** Path of the file with the whole output. */
  listing: string;
}

/** A test that passes only alone may have met a busy machine; more than these are a fault. */
const mostUnsteady = 2;

export function exitCodeOf(results: Results): number {
  const { passed, failed, unsteady } = sumOf(results);
  return failed > 0 || unsteady > mostUnsteady || passed === 0 ? 1 : 0;
}

function sumOf(results: Results): Record<'passed' | 'failed' | 'skipped' | 'unsteady', number> {
  const sum = { passed: 0, failed: 0, skipped: 0, unsteady: 0 };
  for (const { passed, failed, skipped, unsteady } of results.values()) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
    sum.unsteady += unsteady.length;
  }
  return sum;
}

/** Lists failures, tests that passed only alone, skips with their reason, and the slowest files. */
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

/** Whether several runs together have too many tests that passed only alone. */
export function hasTooManyUnsteady(outcomes: readonly Outcome[]): boolean {
  return outcomes.reduce((sum, { results }) => sum + sumOf(results).unsteady, 0) > mostUnsteady;
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
  const entries = longest.map(
    ([file, { millis }]) => `${relative('test/integration', file)} ${Math.round(millis / 1000)} s`,
  );
  return [`  slowest: ${entries.join(', ')}`];
}
