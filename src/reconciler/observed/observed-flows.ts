import { readAttempt, type Attempt } from '../../flow/attempt.ts';
import { readFlow, type Flow } from '../../flow/flow.ts';
import { observedPodsSelector, openFlowsSelector } from '../../flow/labels.ts';
import type { FlowWithAttempts } from '../../flow/pending/summarise-waiting.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';

/** The open flows for people who ask: from the caches of the reconciler while this replica leads, else from one look at the cluster. */
export interface ObservedFlows {
  /** Answers from these caches until the signal aborts. */
  follow(cache: ObservedFlowCache, signal: AbortSignal): void;
  /** `complete`: false if there are more than one look reads. Throws `cluster-*`. */
  list(): Promise<{ flows: Iterable<FlowWithAttempts>; complete: boolean }>;
}

export interface ObservedFlowCache {
  flows(): Iterable<Flow>;
  attempts(flow: string): Attempt[];
}

export interface ObservedFlowsOptions {
  cluster: Pick<Cluster, 'jobs' | 'pods'>;
  /** Between two looks at the cluster, however many ask, and whether it answered or not. */
  everyMillis?: number;
  /** Milliseconds of a clock that never goes back. */
  clock?: () => number;
}

/** Objects a look. */
const mostObjects = 500;
const pollTimeoutMillis = 10_000;

export function createObservedFlows({
  cluster,
  everyMillis = 5000,
  clock = () => performance.now(),
}: ObservedFlowsOptions): ObservedFlows {
  let followed: ObservedFlowCache | undefined;
  let latest: { at: number; poll: ReturnType<ObservedFlows['list']> } | undefined;
  return {
    follow(cache, signal) {
      if (signal.aborted) return;
      followed = cache;
      signal.addEventListener(
        'abort',
        () => {
          if (followed === cache) followed = undefined;
        },
        { once: true },
      );
    },
    async list() {
      if (followed !== undefined) return { flows: observe(followed), complete: true };
      if (latest === undefined || clock() - latest.at >= everyMillis) {
        // Not with the signal of the one who asks: others wait for the same look.
        latest = { at: clock(), poll: pollCluster(cluster, AbortSignal.timeout(pollTimeoutMillis)) };
        latest.poll.catch(() => undefined);
      }
      return await latest.poll;
    },
  };
}

function* observe(cache: ObservedFlowCache): Generator<FlowWithAttempts> {
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
