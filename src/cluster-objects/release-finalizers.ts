import { isServiceError, ServiceError } from '../errors.ts';
import { evidenceFinalizer, flowLabel, outcomeFinalizer, stateLabel } from '../flow/labels.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import { listAll, type ResourceClient } from '../kubernetes/resource-client.ts';
import type { Job, KubernetesObject, Pod } from '../kubernetes/types.ts';

export interface Release {
  cluster: Pick<Cluster, 'jobs' | 'pods'>;
  /** Look, and change nothing. */
  dryRun: boolean;
  onReleased: (kind: 'Job' | 'Pod', name: string) => void;
}

/**
 * Takes the finalizers of this service off every Job and pod of its flows, so that their namespace can be deleted without it.
 * An outcome that is not delivered yet is delivered by nobody then. Others' finalizers stay. May be repeated; Jobs go first.
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
    if (!isHeld(object, release.finalizer)) continue;
    if (!release.dryRun) await releaseOne(release, object, signal);
    release.onReleased(release.kind, object.metadata?.name ?? '');
  }
}

function isHeld({ metadata }: KubernetesObject, finalizer: string): boolean {
  return metadata?.finalizers?.includes(finalizer) === true;
}

/** Job controller and kubelet write to the same objects: what they wrote meanwhile is read, and this many times at most. */
const conflictLimit = 5;

async function releaseOne<T extends KubernetesObject>(
  { client, finalizer }: KindRelease<T>,
  listed: T,
  signal: AbortSignal,
): Promise<void> {
  const name = listed.metadata?.name ?? '';
  let current: T | undefined = listed;
  for (let tries = 0; tries < conflictLimit; tries += 1) {
    if (current === undefined || !isHeld(current, finalizer)) return;
    const { finalizers = [], resourceVersion } = current.metadata ?? {};
    const metadata = { resourceVersion, finalizers: finalizers.filter((one) => one !== finalizer) };
    try {
      await client.patch(name, { metadata }, signal);
      return;
    } catch (error) {
      // Gone is released, too: the next look finds nothing.
      if (!isServiceError(error, 'cluster-conflict', 'cluster-not-found')) throw error;
    }
    current = await client.get(name, signal);
  }
  throw new ServiceError(
    'cluster-conflict',
    `${name} was changed by others ${conflictLimit} times in a row.`,
  );
}
