import { readAttempt } from '../../flow/attempt.ts';
import { readFlow, type Flow } from '../../flow/flow.ts';
import { observedPodsSelector, openFlowsSelector } from '../../flow/labels.ts';
import type { FlowWithAttempts } from '../../flow/pending/summarise-waiting.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';
import type { FlowCache } from '../reconciler.ts';

/** The open flows for people who ask: from this replica's cache, and from one poll of the cluster while that is not current. */
export interface ObservedFlows {
  /** `complete`: false if there are more than one poll reads. Throws `cluster-*`. */
  list(): Promise<{ flows: Iterable<FlowWithAttempts>; complete: boolean }>;
}

export interface ObservedFlowsOptions {
  cluster: Pick<Cluster, 'jobs' | 'pods'>;
  observed: { current(): Pick<FlowCache, 'flows' | 'attempts'> | undefined };
  /** Between two polls of the cluster, however many ask, and whether it answered or not. */
  everyMillis?: number;
  /** Milliseconds of a clock that never goes back. */
  clock?: () => number;
}

/** Objects a poll. */
const mostObjects = 500;
const pollTimeoutMillis = 10_000;

export function createObservedFlows({
  cluster,
  observed,
  everyMillis = 5000,
  clock = () => performance.now(),
}: ObservedFlowsOptions): ObservedFlows {
  let latest: { at: number; poll: ReturnType<ObservedFlows['list']> } | undefined;
  return {
    async list() {
      const cache = observed.current();
      if (cache !== undefined) return { flows: listFlows(cache), complete: true };
      if (latest === undefined || clock() - latest.at >= everyMillis) {
        // Not with the signal of the one who asks: others wait for the same poll.
        latest = { at: clock(), poll: pollCluster(cluster, AbortSignal.timeout(pollTimeoutMillis)) };
        latest.poll.catch(() => undefined);
      }
      return await latest.poll;
    },
  };
}

function* listFlows(cache: Pick<FlowCache, 'flows' | 'attempts'>): Generator<FlowWithAttempts> {
  for (const flow of cache.flows()) yield { flow, attempts: cache.attempts(flow.name) };
}

async function pollCluster(
  { jobs, pods }: ObservedFlowsOptions['cluster'],
  signal: AbortSignal,
): Promise<{ flows: FlowWithAttempts[]; complete: boolean }> {
  const [jobPage, podPage] = await Promise.all([
    jobs.list({ labelSelector: openFlowsSelector, limit: mostObjects }, signal),
    pods.list({ labelSelector: observedPodsSelector, limit: mostObjects }, signal),
  ]);
  const attempts = Map.groupBy(podPage.items.map(readAttempt), ({ flow }) => flow);
  const flows = jobPage.items.flatMap((job) => readable(job) ?? []);
  return {
    flows: flows.map((flow) => ({ flow, attempts: attempts.get(flow.name) ?? [] })),
    complete: jobPage.continue === undefined && podPage.continue === undefined,
  };
}

/** A Job that somebody broke by hand must not hide the others. */
function readable(job: Parameters<typeof readFlow>[0]): Flow | undefined {
  try {
    return readFlow(job);
  } catch {
    return undefined;
  }
}
