import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { benchAccept } from './bench-accept.ts';
import { benchBurst, benchCallback } from './bench-callback.ts';
import { benchFlows } from './bench-flows.ts';
import { benchUploads } from './bench-uploads.ts';
import { formatRatios, type RatioRow } from './print-ratios.ts';

export interface RealBench {
  /** A temporary folder that is removed after the bench. */
  folder: string;
  quick: boolean;
  rounds: number;
}

const parts: Record<string, (bench: RealBench) => Promise<RatioRow[]>> = {
  uploads: benchUploads,
  accept: benchAccept,
  callback: benchCallback,
  burst: benchBurst,
  flows: benchFlows,
};

/** Runs on real servers that it starts and stops; returns whether all goals are met. */
export async function runReal(bench: RealBench, only: readonly string[]): Promise<boolean> {
  const unknown = only.find((name) => !(name in parts));
  if (unknown !== undefined)
    throw new Error(`--only: expected some of ${Object.keys(parts).join(', ')}, received ${unknown}`);
  const rows: RatioRow[] = [];
  const load = [describeLoad()];
  for (const [name, part] of Object.entries(parts)) {
    if (only.length > 0 && !only.includes(name)) continue;
    rows.push(...(await part(bench)));
    load.push(describeLoad());
  }
  const { text, met } = formatRatios(rows);
  process.stdout.write(
    `${text}\n\n${describeMachine(bench)}; load average before, between and after: ${load.join(', ')}\n`,
  );
  return met;
}

function describeMachine({ quick, rounds }: RealBench): string {
  const gibibytes = Math.round(totalmem() / 1024 ** 3);
  const machine = `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown processor'}, ${gibibytes} GiB`;
  const amount = `${quick ? 'quick, ' : ''}${rounds} rounds, medians (the worst peak)`;
  return `${new Date().toISOString()}, ${machine}, Node ${process.versions.node}; ${amount}`;
}

function describeLoad(): string {
  return (loadavg()[0] ?? 0).toFixed(1);
}
