/** One line of the table: a measured value of this project beside that of something else. */
export interface RatioRow {
  name: string;
  unit: 's' | 'ms' | 'MiB' | '1/s' | '';
  ours: number;
  /** NaN: there is nothing to compare with. */
  theirs: number;
  beside: string;
  goal?: { atMostRatio: number } | { atLeastRatio: number } | { atMost: number };
}

const header = ['measured', 'ours', 'beside', 'what is beside', 'ratio', 'goal', 'met'];

/** The whole table as text, and whether all goals are met. */
export function formatRatios(rows: readonly RatioRow[]): { text: string; met: boolean } {
  const table = [header, ...rows.map(cellsOf)];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  const text = [lines[0], rule, ...lines.slice(1)].join('\n');
  return { text, met: rows.every(isMet) };
}

function cellsOf(row: RatioRow): string[] {
  const { name, ours, theirs, beside, goal } = row;
  const ratio = Number.isNaN(theirs) ? '' : (ours / theirs).toFixed(2);
  return [
    name,
    amount(ours, row.unit),
    Number.isNaN(theirs) ? '' : amount(theirs, row.unit),
    beside,
    ratio,
    goal === undefined ? '' : describeGoal(goal, row.unit),
    goal === undefined ? '' : isMet(row) ? 'yes' : 'NO',
  ];
}

function amount(value: number, unit: RatioRow['unit']): string {
  const digits = unit === 's' ? 2 : value >= 100 || unit === 'MiB' ? 0 : 1;
  return `${value.toFixed(digits)} ${unit}`.trimEnd();
}

function describeGoal(goal: NonNullable<RatioRow['goal']>, unit: RatioRow['unit']): string {
  if ('atMostRatio' in goal) return `ratio ≤ ${goal.atMostRatio}`;
  if ('atLeastRatio' in goal) return `ratio ≥ ${goal.atLeastRatio}`;
  return `≤ ${goal.atMost} ${unit}`;
}

function isMet({ ours, theirs, goal }: RatioRow): boolean {
  if (goal === undefined) return true;
  if ('atMostRatio' in goal) return ours / theirs <= goal.atMostRatio;
  if ('atLeastRatio' in goal) return ours / theirs >= goal.atLeastRatio;
  return ours <= goal.atMost;
}
