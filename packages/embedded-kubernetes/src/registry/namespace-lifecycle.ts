import { resources } from './resources.ts';
import type { Store } from './store.ts';
import type { KubeObject, Registry } from './types.ts';

/** Gives each new namespace its default service account, and empties a deleted one before it goes. */
export function emptyDeletedNamespaces(registry: Registry, store: Store): void {
  registry.subscribe((event) => {
    const { name, namespace } = event.object.metadata;
    if (event.resource === 'namespaces') {
      const found = store.find({ resource: 'namespaces', name });
      if (event.type === 'ADDED') furnish(registry, found);
      else if (found?.metadata.deletionTimestamp !== undefined) clear(registry, store, name);
    } else if (event.type === 'DELETED' && namespace !== undefined) finishIfEmpty(registry, store, namespace);
  });
}

function furnish(registry: Registry, found: KubeObject | undefined): void {
  if (!found || found.metadata.deletionTimestamp !== undefined) return;
  const metadata = { name: 'default', namespace: found.metadata.name };
  if (registry.get({ resource: 'serviceaccounts', ...metadata })) return;
  registry.create('serviceaccounts', { metadata });
}

function clear(registry: Registry, store: Store, name: string): void {
  registry.modify({ resource: 'namespaces', name }, (draft) => {
    draft['status'] = { phase: 'Terminating' };
  });
  deleteContent(registry, store, name);
  finishIfEmpty(registry, store, name);
}

const namespacedKinds = resources.filter((resource) => resource.namespaced);

function deleteContent(registry: Registry, store: Store, namespace: string): void {
  for (const { plural } of namespacedKinds) {
    for (const { metadata } of store.all(plural, namespace)) {
      // Deleting one object may have taken others with it.
      const key = { resource: plural, namespace, name: metadata.name };
      if (metadata.deletionTimestamp === undefined && store.find(key)) registry.delete(key);
    }
  }
}

function finishIfEmpty(registry: Registry, store: Store, namespace: string): void {
  const found = store.find({ resource: 'namespaces', name: namespace });
  if (found?.metadata.deletionTimestamp === undefined) return;
  if (namespacedKinds.some(({ plural }) => store.all(plural, namespace).length > 0)) return;
  registry.modify({ resource: 'namespaces', name: namespace }, (draft) => {
    draft['spec'] = {};
  });
}
