import { isServiceError, ServiceError } from '../errors.ts';
import { evidenceFinalizer, flowLabel, outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { listAll, type ResourceClient } from '../kubernetes/resource-client.ts';
import type { Job, KubernetesObject, Pod } from '../kubernetes/types.ts';

export interface Release {
  cluster: Pick<Cluster, 'jobs' | 'pods'>;
  /** Report the objects without a change. */
  dryRun: boolean;
  onReleased: (kind: 'Job' | 'Pod', name: string) => void;
}

/**
 * Removes this service's finalizers from all Jobs and pods of its flows, Jobs first, so that their namespace can be deleted without the
 * service. An outcome that is not delivered yet is lost. Finalizers of others stay. May be repeated.
 */
export async function releaseFinalizers(release: Release, signal: AbortSignal): Promise<void> {
  const { jobs, pods } = release.cluster;
  await releaseAll<Job>({ ...release, kind: 'Job', client: jobs, finalizer: outcomeFinalizer }, signal);
  await releaseAll<Pod>({ ...release, kind: 'Pod', client: pods, finalizer: evidenceFinalizer }, signal);
}

/** Flows that have not ended, or whose outcome is not delivered yet. */
export async function listOpenFlows(cluster: Release['cluster'], signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  for await (const { metadata } of listAll(cluster.jobs, `${stateLabel}=open`, signal))
    names.push(metadata?.name ?? '');
  return names;
}

interface KindRelease<T extends KubernetesObject> extends Release {
  kind: 'Job' | 'Pod';
  client: ResourceClient<T>;
  finalizer: string;
}

async function releaseAll<T extends KubernetesObject>(
  release: KindRelease<T>,
  signal: AbortSignal,
): Promise<void> {
  for await (const object of listAll(release.client, flowLabel, signal)) {
    if (!hasFinalizer(object, release.finalizer)) continue;
    if (!release.dryRun) await releaseOne(release, object, signal);
    release.onReleased(release.kind, object.metadata?.name ?? '');
  }
}

function hasFinalizer({ metadata }: KubernetesObject, finalizer: string): boolean {
  return metadata?.finalizers?.includes(finalizer) === true;
}

/** The Job controller and the kubelet write to the same objects, so that a conflict is retried, this many times at most. */
const conflictLimit = 5;

async function releaseOne<T extends KubernetesObject>(
  { client, finalizer }: KindRelease<T>,
  listed: T,
  signal: AbortSignal,
): Promise<void> {
  const name = listed.metadata?.name ?? '';
  let current: T | undefined = listed;
  for (let tries = 0; tries < conflictLimit; tries += 1) {
    if (current === undefined || !hasFinalizer(current, finalizer)) return;
    const { finalizers = [], resourceVersion } = current.metadata ?? {};
    const metadata = { resourceVersion, finalizers: finalizers.filter((one) => one !== finalizer) };
    try {
      await client.patch(name, { metadata }, signal);
      return;
    } catch (error) {
      // A deleted object counts as released: the next read finds nothing.
      if (!isServiceError(error, 'cluster-conflict', 'cluster-not-found')) throw error;
    }
    current = await client.get(name, signal);
  }
  throw new ServiceError('cluster-conflict', `${name} was changed by others ${conflictLimit} times in a row`);
}
