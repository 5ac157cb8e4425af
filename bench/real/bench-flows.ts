import { inTurns, median, quantile } from './in-turns.ts';
import type { RatioRow } from './print-ratios.ts';
import { describeRequests, runFlows, startFlowServers, type FlowsRun } from './run-flows.ts';
import type { RealBench } from './run-real.ts';

const mebibyte = 1024 * 1024;
const actors = ['service', 'bare script'] as const;

/** Measures a thousand flows at once on fake nodes, from the first request until each is delivered and recorded. */
export async function benchFlows(bench: RealBench): Promise<RatioRow[]> {
  await using stack = new AsyncDisposableStack();
  const servers = await startFlowServers(bench, 'flows', stack);
  const count = bench.quick ? 200 : 1000;
  // A round takes minutes, so one has to be enough.
  const runs = await inTurns(actors, 1, async (by) => {
    const run = await runFlows({ servers, by, count, ends: 'in flight' });
    process.stderr.write(`${count} flows, ${by}: ${describe(run)}\n`);
    return run;
  });
  const [ours, theirs] = actors.map((by) => runs.get(by) ?? []);
  function row(what: string, unit: RatioRow['unit'], of: (run: FlowsRun) => number): RatioRow {
    const name = `${count} flows in flight: ${what}`;
    const values = { ours: median((ours ?? []).map(of)), theirs: median((theirs ?? []).map(of)) };
    return { name, unit, ...values, beside: 'script, same calls' };
  }
  const [run] = ours ?? [];
  return [
    row('wall', 's', ({ wallSeconds }) => wallSeconds),
    row('CPU', 's', ({ cpuSeconds }) => cpuSeconds),
    row("pod's end to callback, median", 'ms', ({ podEndToCallback }) => quantile(podEndToCallback, 0.5)),
    row("pod's end to callback, 99th percentile", 'ms', ({ podEndToCallback }) =>
      quantile(podEndToCallback, 0.99),
    ),
    row('peak memory', 'MiB', ({ peakBytes }) => peakBytes / mebibyte),
    {
      ...lone(`${count} flows in flight: requests to the API server per flow`),
      ours: run?.requests?.cluster ?? NaN,
    },
    {
      ...lone(`${count} flows in flight: requests to the store per flow`),
      ours: run?.requests?.store ?? NaN,
    },
  ];
}

function lone(name: string): Omit<RatioRow, 'ours'> {
  return { name, unit: '', theirs: NaN, beside: '' };
}

function describe({ wallSeconds, cpuSeconds, peakBytes, requests }: FlowsRun): string {
  const peak = Math.round(peakBytes / mebibyte);
  return `${wallSeconds.toFixed(1)} s, CPU ${cpuSeconds.toFixed(1)} s, peak ${peak} MiB${describeRequests(requests)}`;
}
