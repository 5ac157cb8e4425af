import { isServiceError } from '../../errors.ts';
import { flowLabel, managedBy, managedByLabel, stateLabel, usedAtAnnotation } from '../../flow/labels.ts';
import { isFilesConfigMap } from '../../flow/names.ts';
import { listAll } from '../../kubernetes/resource-client.ts';
import type { ConfigMap, Job } from '../../kubernetes/types.ts';
import { freshMillis } from '../../requests/create-once.ts';
import type { Reconciler } from '../reconciler.ts';

interface Idle {
  name: string;
  uid: string;
  resourceVersion: string;
}

/**
 * Deletes the files of former versions of templates, and of templates that are not used. Flows share them: each acceptance marks them as
 * used (at most `freshMillis` late), and the deletion is conditional on that mark, so that no flow is accepted with files that vanish.
 */
export async function sweepFiles(deps: Reconciler, signal: AbortSignal): Promise<void> {
  const idle = await findIdle(deps, signal);
  if (idle.length === 0) return;
  const mounted = await findMounted(deps, signal);
  for (const { name, ...preconditions } of idle.filter((one) => !mounted.has(one.name))) {
    try {
      await deps.cluster.configMaps.delete(name, { preconditions }, signal);
    } catch (error) {
      if (!isServiceError(error, 'cluster-conflict')) throw error;
    }
  }
}

async function findIdle({ cluster, config, now }: Reconciler, signal: AbortSignal): Promise<Idle[]> {
  // A margin: clocks differ, and a use is marked some time before or after it.
  const usedBefore = now().getTime() - config.reconciler.orphanSeconds * 1000 - 2 * freshMillis;
  const selector = `${managedByLabel}=${managedBy},!${flowLabel}`;
  const idle: Idle[] = [];
  for await (const configMap of listAll(cluster.configMaps, selector, signal)) {
    const { name = '', uid = '', resourceVersion = '' } = configMap.metadata ?? {};
    if (isFilesConfigMap(name) && lastUse(configMap) < usedBefore) idle.push({ name, uid, resourceVersion });
  }
  return idle;
}

function lastUse({ metadata }: ConfigMap): number {
  return Date.parse(metadata?.annotations?.[usedAtAnnotation] ?? metadata?.creationTimestamp ?? '');
}

/** The files of Jobs whose pods run or may still be created. */
async function findMounted({ cluster }: Reconciler, signal: AbortSignal): Promise<Set<string>> {
  const mounted = new Set<string>();
  for await (const job of listAll(cluster.jobs, `${flowLabel},${stateLabel}=open`, signal))
    for (const name of configMapsOf(job)) mounted.add(name);
  return mounted;
}

function configMapsOf(job: Job): string[] {
  const { volumes = [] } = job.spec?.template.spec ?? {};
  return volumes.flatMap(({ configMap }) => configMap?.name ?? []);
}
