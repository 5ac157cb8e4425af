import { readAttempt, type Attempt } from '../../flow/attempt.ts';
import { readFlow, type Flow } from '../../flow/flow.ts';
import { observedPodsSelector, openFlowsSelector } from '../../flow/labels.ts';
import type { ObservedFlow } from '../../flow/pending/summarise-waiting.ts';
import type { Cluster } from '../../kubernetes/cluster.ts';

/** The open flows for people who ask: from the caches of the reconciler while this replica leads, else from one look at the cluster. */
export interface ObservedFlows {
  /** Answers from these caches until the signal aborts. */
  follow(world: ObservedWorld, signal: AbortSignal): void;
  /** `complete`: false if there are more than one look reads. Throws `cluster-*`. */
  list(): Promise<{ flows: Iterable<ObservedFlow>; complete: boolean }>;
}

export interface ObservedWorld {
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
const lookMillis = 10_000;

export function createObservedFlows({
  cluster,
  everyMillis = 5000,
  clock = () => performance.now(),
}: ObservedFlowsOptions): ObservedFlows {
  let followed: ObservedWorld | undefined;
  let latest: { at: number; look: ReturnType<ObservedFlows['list']> } | undefined;
  return {
    follow(world, signal) {
      if (signal.aborted) return;
      followed = world;
      signal.addEventListener(
        'abort',
        () => {
          if (followed === world) followed = undefined;
        },
        { once: true },
      );
    },
    async list() {
      if (followed !== undefined) return { flows: observe(followed), complete: true };
      if (latest === undefined || clock() - latest.at >= everyMillis) {
        // Not with the signal of the one who asks: others wait for the same look.
        latest = { at: clock(), look: lookAtCluster(cluster, AbortSignal.timeout(lookMillis)) };
        latest.look.catch(() => undefined);
      }
      return await latest.look;
    },
  };
}

function* observe(world: ObservedWorld): Generator<ObservedFlow> {
  for (const flow of world.flows()) yield { flow, attempts: world.attempts(flow.name) };
}

async function lookAtCluster(
  { jobs, pods }: ObservedFlowsOptions['cluster'],
  signal: AbortSignal,
): Promise<{ flows: ObservedFlow[]; complete: boolean }> {
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
