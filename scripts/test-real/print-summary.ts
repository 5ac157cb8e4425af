import { relative } from 'node:path';
import type { Combination } from './combinations.ts';
import type { Results } from './read-results.ts';

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
  const { passed, failed, skipped } = results;
  return { passed, failed: failed + (broken ? 1 : 0), skipped };
}

function describeRow(outcome: Outcome): string[] {
  const { combination, results, seconds, notRun } = outcome;
  const { passed, failed, skipped } = countsOf(outcome);
  const title = `${combination.name} (${combination.title})${notRun === undefined ? '' : ': not run'}`;
  return [title, ...[results.files.size, passed, failed, skipped, Math.round(seconds)].map(String)];
}

function describeDetails({ combination: { name }, results, notRun }: Outcome): string[] {
  const { failures, skips, files } = results;
  const lines = [
    ...(notRun === undefined ? [] : [`  not run: ${notRun}`]),
    ...failures.map(({ name, file, message }) => `  failed: ${relative('.', file)}: ${name}: ${message}`),
    ...[...skips].map(([reason, count]) => `  skipped ${count}: ${reason}`),
    ...slowest(files),
  ];
  return lines.length === 0 ? [] : ['', `${name}:`, ...lines];
}

/** Where the time goes. */
function slowest(files: Results['files']): string[] {
  const longest = [...files].sort(([, a], [, b]) => b - a).slice(0, 5);
  if (longest.length === 0) return [];
  const told = longest.map(
    ([file, millis]) => `${relative('test/integration', file)} ${Math.round(millis / 1000)} s`,
  );
  return [`  slowest: ${told.join(', ')}`];
}
