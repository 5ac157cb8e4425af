const mebibyte = 1024 * 1024;

export type Measurement =
  | { name: string; kind: 'memory'; ours: number; theirs: number; goalBytes: number }
  | { name: string; kind: 'time'; ours: number; theirs: number; goalRatio: number }
  | { name: string; kind: 'throughput'; ours: string; theirs: string; ratio: number; goalRatio: number };

/** One table; answers whether the memory goals are met: they are promises, the others depend on the machine. */
export function printReport(measurements: Measurement[]): boolean {
  const rows = measurements.map(rowOf);
  const header = ['measured', 'sidecar', 'beside', 'ratio', 'goal', 'met'];
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
  process.stdout.write('beside: minio-js fPutObject for uploads, bare Node for start and rest\n');
  return measurements.every((item) => item.kind !== 'memory' || item.ours <= item.goalBytes);
}

function rowOf(item: Measurement): string[] {
  switch (item.kind) {
    case 'memory': {
      const [ours, theirs, goal] = [item.ours, item.theirs, item.goalBytes].map(
        (bytes) => `${(bytes / mebibyte).toFixed(1)} MiB`,
      );
      const ratio = (item.ours / item.theirs).toFixed(2);
      return [
        item.name,
        ours ?? '',
        theirs ?? '',
        ratio,
        `≤ ${goal ?? ''}`,
        yesNo(item.ours <= item.goalBytes),
      ];
    }
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
    case 'throughput': {
      const { name, ours, theirs, ratio, goalRatio } = item;
      return [name, ours, theirs, ratio.toFixed(2), `≥ ${goalRatio}`, yesNo(ratio >= goalRatio)];
    }
    default:
      return item satisfies never;
  }
}

function yesNo(met: boolean): string {
  return met ? 'yes' : 'NO';
}
