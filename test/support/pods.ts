import { connect } from '../../src/kubernetes/connection.ts';
import { createResourceClient } from '../../src/kubernetes/resource-client.ts';
import type { KubernetesObject, Pod } from '../../src/kubernetes/types.ts';
import { readAttempt, type Attempt } from '../../src/flow/attempt.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

const requestTimeoutMillis = 30_000;

/** A pod of the flow as the service reads it, once it satisfies the predicate. */
export async function podThat(
  { namespace }: World,
  { flow, is, does }: { flow: string; is: string; does: (attempt: Attempt, pod: Pod) => boolean },
): Promise<Attempt> {
  return await waitUntil(
    `a pod ${is}`,
    async () => {
      const pods = await namespace.pods(flow);
      return pods
        .map((pod) => ({ pod, attempt: readAttempt(pod) }))
        .find(({ pod, attempt }) => does(attempt, pod))?.attempt;
    },
    { deadlineMs: 240_000 },
  );
}

export function runningPod(world: World, flow: string): Promise<Attempt> {
  return podThat(world, {
    flow,
    is: 'has a running worker',
    does: ({ worker, deletedAt }) => worker.state === 'running' && deletedAt === undefined,
  });
}

/**
 * A pod whose worker has written `line` to its log. A worker that must get a signal says by it that its trap is set: its container
 * runs before its shell has read the first line of the script.
 */
export async function podThatSays(
  world: World,
  { flow, line }: { flow: string; line: string },
): Promise<Attempt> {
  const attempt = await runningPod(world, flow);
  await waitUntil(`the worker says ${line}`, async () => {
    const signal = AbortSignal.timeout(requestTimeoutMillis);
    const asked = { container: 'worker', tailLines: 10, limitBytes: 4096 };
    const { text } = await world.namespace.cluster.readLog(attempt.pod, asked, signal);
    return text.split('\n').includes(line);
  });
  return attempt;
}

/** The attempt whose worker runs after this one. */
export function runningSuccessor(world: World, { id: first, flow }: Attempt): Promise<Attempt> {
  return podThat(world, {
    flow,
    is: 'took its place',
    does: ({ id, worker }) => id !== first && worker.state === 'running',
  });
}

/** The node that a pod was given to. */
export async function nodeOf({ namespace }: World, pod: string): Promise<string> {
  const found = await namespace.cluster.pods.get(pod, AbortSignal.timeout(requestTimeoutMillis));
  return found?.spec?.nodeName ?? '';
}

/** As `kubectl delete pod` does it. */
export async function deletePod(
  { namespace }: World,
  pod: string,
  gracePeriodSeconds?: number,
): Promise<void> {
  const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
  await namespace.cluster.pods.delete(pod, options, AbortSignal.timeout(requestTimeoutMillis));
}

/** As `kubectl drain` does it. */
export async function evictPod({ servers, namespace }: World, pod: string): Promise<void> {
  const config = { kubeconfig: servers.kubeconfig, namespace: namespace.name, requestTimeoutMillis };
  const connection = await connect(config);
  const path = `/api/v1/namespaces/${namespace.name}/pods/${pod}/eviction`;
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod } };
  try {
    await createResourceClient<KubernetesObject>(connection, path).create(
      eviction,
      AbortSignal.timeout(requestTimeoutMillis),
    );
  } finally {
    await connection.close();
  }
}
