import { usageOf } from './admission/resource-quota.ts';
import type { Store } from './store.ts';
import type { KubeObject, Registry } from './types.ts';

/** Keeps the `status` of every ResourceQuota: what it allows, and what of that is used. */
export function keepQuotaUsage(registry: Registry, store: Store): void {
  registry.subscribe(({ resource, object }) => {
    if (resource === 'events' || object.metadata.namespace === undefined) return;
    for (const quota of store.all('resourcequotas', object.metadata.namespace)) {
      const { name, namespace = '' } = quota.metadata;
      registry.modify({ resource: 'resourcequotas', namespace, name }, (draft) => {
        draft['status'] = { hard: hardOf(draft), used: usageOf(store, quota) };
      });
    }
  });
}

function hardOf(quota: KubeObject): unknown {
  return (quota['spec'] as { hard?: unknown } | undefined)?.hard ?? {};
}
