const mebibyte = 1024 * 1024;

export type Measurement =
  | { name: string; kind: 'memory'; ours: number; theirs: number; goalBytes: number }
  /** Beside nothing. */
  | { name: string; kind: 'limit'; ours: number; goal: number; unit: 's' | 'MiB' }
  | { name: string; kind: 'time'; ours: number; theirs: number; goalRatio: number }
  | { name: string; kind: 'calls'; calls: number; seconds: number; most: number }
  | { name: string; kind: 'throughput'; ours: string; theirs: string; ratio: number; goalRatio?: number };

/** Prints one table. Returns whether the goals of memory and of calls are met: the others depend on the machine. */
export function printReport(measurements: Measurement[]): boolean {
  const rows = measurements.map(rowOf);
  const header = ['measured', 'ours', 'beside', 'ratio', 'goal', 'met'];
  const table = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
  process.stdout.write(
    'beside: minio-js fPutObject for uploads, bare Node for start and rest, the most that the back-off allows for calls\n',
  );
  return measurements.every(isMet);
}

function isMet(item: Measurement): boolean {
  if (item.kind === 'calls') return item.calls <= item.most;
  if (item.kind === 'limit') return item.unit === 's' || item.ours <= item.goal;
  return item.kind !== 'memory' || item.ours <= item.goalBytes;
}

function rowOf(item: Measurement): string[] {
  switch (item.kind) {
    case 'memory':
      return memoryRow(item);
    case 'time': {
      const ratio = item.ours / item.theirs;
      const [ours, theirs] = [item.ours, item.theirs].map((seconds) => `${Math.round(seconds * 1000)} ms`);
      return [
        item.name,
        ours ?? '',
        theirs ?? '',
        ratio.toFixed(2),
        `≤ ${item.goalRatio}`,
        yesNo(ratio <= item.goalRatio),
      ];
    }
    case 'limit':
      return limitRow(item);
    case 'calls':
      return callsRow(item);
    case 'throughput': {
      const { name, ours, theirs, ratio, goalRatio } = item;
      const goal = goalRatio === undefined ? [] : [`≥ ${goalRatio}`, yesNo(ratio >= goalRatio)];
      return [name, ours, theirs, ratio.toFixed(2), ...goal];
    }
    default:
      return item satisfies never;
  }
}

function memoryRow(item: Extract<Measurement, { kind: 'memory' }>): string[] {
  const [ours, theirs, goal] = [item.ours, item.theirs, item.goalBytes].map(
    (bytes) => `${(bytes / mebibyte).toFixed(1)} MiB`,
  );
  const ratio = (item.ours / item.theirs).toFixed(2);
  return [item.name, ours ?? '', theirs ?? '', ratio, `≤ ${goal ?? ''}`, yesNo(isMet(item))];
}

function limitRow({ name, ours, goal, unit }: Extract<Measurement, { kind: 'limit' }>): string[] {
  const shown = `${ours.toFixed(unit === 's' ? 2 : 0)} ${unit}`;
  return goal === Infinity
    ? [name, shown, '', '', '', '']
    : [name, shown, '', '', `≤ ${goal} ${unit}`, yesNo(ours <= goal)];
}

function callsRow(item: Extract<Measurement, { kind: 'calls' }>): string[] {
  const { name, calls, seconds, most } = item;
  const [ours, theirs] = [calls, most].map((count) => `${Math.round((count * 60) / seconds)}/min`);
  const goal = `≤ ${most} in ${seconds} s`;
  return [name, ours ?? '', theirs ?? '', (calls / most).toFixed(2), goal, yesNo(isMet(item))];
}

function yesNo(met: boolean): string {
  return met ? 'yes' : 'NO';
}
