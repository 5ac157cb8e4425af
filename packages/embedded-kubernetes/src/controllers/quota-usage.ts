import { hardOf, usageOf } from '../registry/quota.ts';
import type { ClusterRegistry } from '../registry/types.ts';

/** Keeps the `status` of every ResourceQuota: what it allows, and what of that is used. */
export function keepQuotaUsage(registry: ClusterRegistry): void {
  registry.subscribe(({ resource, object }) => {
    if (resource === 'events' || object.metadata.namespace === undefined) return;
    for (const quota of registry.view('resourcequotas', object.metadata.namespace)) {
      const { name, namespace = '' } = quota.metadata;
      registry.modify({ resource: 'resourcequotas', namespace, name }, (draft) => {
        draft['status'] = { hard: hardOf(draft), used: usageOf(registry, quota) };
      });
    }
  });
}
