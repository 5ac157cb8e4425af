import type { KubeObject } from '../objects/kube-object.ts';
import { member } from '../objects/members.ts';
import { hasEnded } from '../objects/pod.ts';
import { parseQuantity } from '../objects/quantity.ts';
import { qualified } from '../objects/status-error.ts';
import { type ResourceDefinition, resources } from './resources.ts';
import type { Store } from './store.ts';
import type { ClusterRegistry } from './types.ts';

/** Whether a quota may name this: how many objects of a kind there may be. */
export function isQuotaResource(name: string): boolean {
  return countedKind(name) !== undefined;
}

/** Why the namespace's quotas have no room for the object; undefined if they have. */
export function quotaRefusal(
  store: Store,
  definition: ResourceDefinition,
  object: KubeObject,
): string | undefined {
  for (const quota of store.view('resourcequotas', object.metadata.namespace)) {
    const hard = hardOf(quota);
    const used = usageOf(store, quota);
    const exceeded = Object.keys(hard)
      .filter((name) => countedKind(name) === definition.plural)
      .filter((name) => Number(used[name]) + 1 > parseQuantity(hard[name] ?? '0'))
      .sort();
    if (exceeded.length > 0)
      return (
        `exceeded quota: ${quota.metadata.name}, requested: ${listed(exceeded, {})}, ` +
        `used: ${listed(exceeded, used)}, limited: ${listed(exceeded, hard)}`
      );
  }
  return undefined;
}

/** What the namespace uses of each resource that the quota limits. */
export function usageOf(store: Pick<ClusterRegistry, 'view'>, quota: KubeObject): Record<string, string> {
  return Object.fromEntries(
    Object.keys(hardOf(quota)).map((name) => {
      const objects = store.view(countedKind(name) ?? 'pods', quota.metadata.namespace);
      // A pod that has ended takes nothing of `pods`; `count/pods` counts it.
      const counted = name === 'pods' ? objects.filter((pod) => !hasEnded(pod)) : objects;
      return [name, String(counted.length)];
    }),
  );
}

/** One more of each where nothing else is said. */
function listed(names: string[], amounts: Record<string, string>): string {
  return names.map((name) => `${name}=${amounts[name] ?? '1'}`).join(',');
}

/** `pods`, or `count/jobs.batch`. */
function countedKind(name: string): string | undefined {
  const counted = name === 'pods' ? 'pods' : /^count\/(.+)$/.exec(name)?.[1];
  return resources.find((definition) => qualified(definition) === counted)?.plural;
}

/** What the quota allows. */
export function hardOf(quota: KubeObject): Record<string, string> {
  return (member(quota, 'spec', 'hard') ?? {}) as Record<string, string>;
}
