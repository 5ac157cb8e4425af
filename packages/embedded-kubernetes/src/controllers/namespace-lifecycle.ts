import type { KubeObject } from '../objects/kube-object.ts';
import { resources } from '../registry/resources.ts';
import type { ClusterRegistry } from '../registry/types.ts';

/** Gives each new namespace its default service account, and empties a deleted one before it goes. */
export function emptyDeletedNamespaces(registry: ClusterRegistry): void {
  registry.subscribe((event) => {
    const { name, namespace } = event.object.metadata;
    if (event.resource === 'namespaces') {
      const found = registry.get({ resource: 'namespaces', name });
      if (event.type === 'ADDED') furnish(registry, found);
      else if (found?.metadata.deletionTimestamp !== undefined) clear(registry, name);
    } else if (event.type === 'DELETED' && namespace !== undefined) finishIfEmpty(registry, namespace);
  });
}

function furnish(registry: ClusterRegistry, found: KubeObject | undefined): void {
  if (!found || found.metadata.deletionTimestamp !== undefined) return;
  const metadata = { name: 'default', namespace: found.metadata.name };
  if (registry.get({ resource: 'serviceaccounts', ...metadata })) return;
  registry.create('serviceaccounts', { metadata });
}

function clear(registry: ClusterRegistry, name: string): void {
  registry.modify({ resource: 'namespaces', name }, (draft) => {
    draft['status'] = { phase: 'Terminating' };
  });
  deleteContent(registry, name);
  finishIfEmpty(registry, name);
}

const namespacedKinds = resources.filter((resource) => resource.namespaced);

function deleteContent(registry: ClusterRegistry, namespace: string): void {
  for (const { plural } of namespacedKinds) {
    for (const { metadata } of registry.view(plural, namespace)) {
      // Deleting one object may have taken others with it.
      const key = { resource: plural, namespace, name: metadata.name };
      if (metadata.deletionTimestamp === undefined && registry.get(key)) registry.delete(key);
    }
  }
}

function finishIfEmpty(registry: ClusterRegistry, namespace: string): void {
  const found = registry.get({ resource: 'namespaces', name: namespace });
  if (found?.metadata.deletionTimestamp === undefined) return;
  if (namespacedKinds.some(({ plural }) => registry.view(plural, namespace).length > 0)) return;
  registry.modify({ resource: 'namespaces', name: namespace }, (draft) => {
    draft['spec'] = {};
  });
}
