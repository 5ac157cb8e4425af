import { inTurns, median, quantile } from './in-turns.ts';
import type { RatioRow } from './print-ratios.ts';
import { describeRequests, runFlows, startFlowServers, type FlowsRun, type FlowsTask } from './run-flows.ts';
import type { RealBench } from './run-real.ts';

const actors = ['service', 'bare script'] as const;
const goal = { atMostRatio: 2 };

/** Measures from the end of a pod, in a watch of the bench, to its callback. A pod ends when the flow before it is closed. */
export async function benchCallback(bench: RealBench): Promise<RatioRow[]> {
  const row = await benchLatency(bench, {
    part: 'callback',
    count: bench.quick ? 40 : 200,
    ends: 'one by one',
  });
  return [
    { ...row("pod's end to callback, median", 0.5, 'podEndToCallback'), goal },
    { ...row("pod's end to callback, 99th percentile", 0.99, 'podEndToCallback'), goal },
    row("Job's end to callback, median (negative: before it)", 0.5, 'jobEndToCallback'),
    row("Job's end to callback, 99th percentile", 0.99, 'jobEndToCallback'),
  ];
}

/** Measures the same when 200 pods end at once; the script handles them all at once, too. */
export async function benchBurst(bench: RealBench): Promise<RatioRow[]> {
  const row = await benchLatency(bench, { part: 'burst', count: 200, ends: 'at once' });
  return [
    { ...row("200 pods end at once: pod's end to callback, median", 0.5, 'podEndToCallback'), goal },
    { ...row('200 pods end at once: 99th percentile', 0.99, 'podEndToCallback'), goal },
  ];
}

type Latencies = Pick<FlowsRun, 'podEndToCallback' | 'jobEndToCallback'>;
type MakeRow = (name: string, share: number, of: keyof Latencies) => RatioRow;

async function benchLatency(
  bench: RealBench,
  { part, ...task }: { part: string } & Pick<FlowsTask, 'count' | 'ends'>,
): Promise<MakeRow> {
  await using stack = new AsyncDisposableStack();
  const servers = await startFlowServers(bench, part, stack);
  const runs = await inTurns(actors, bench.rounds, async (by, round) => {
    const run = await runFlows({ servers, by, ...task });
    process.stderr.write(`${part}, ${by}, round ${round}: ${describe(run)}\n`);
    return run;
  });
  function over(share: number, by: (typeof actors)[number], of: keyof Latencies): number {
    return median((runs.get(by) ?? []).map((run) => quantile(run[of], share)));
  }
  return (name, share, of) => {
    const ours = over(share, 'service', of);
    return { name, unit: 'ms', ours, theirs: over(share, 'bare script', of), beside: 'script, same calls' };
  };
}

function describe({ podEndToCallback: pod, jobEndToCallback: job, requests }: FlowsRun): string {
  function both(values: number[]): string {
    return `median ${quantile(values, 0.5).toFixed(1)} ms, p99 ${quantile(values, 0.99).toFixed(1)} ms (${values.length})`;
  }
  return `from the pod's end ${both(pod)}; from the Job's ${both(job)}${describeRequests(requests)}`;
}
