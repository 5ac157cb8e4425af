import { copyOf } from './copy.ts';
import { createObject } from './create-object.ts';
import { deleteObject } from './delete-object.ts';
import { collectGarbage } from './garbage-collector.ts';
import { emptyDeletedNamespaces } from './namespace-lifecycle.ts';
import { keepQuotaUsage } from './quota-usage.ts';
import { resourceDefinition } from './resources.ts';
import { createStore, dryRunOf } from './store.ts';
import type { Store } from './store.ts';
import type { KubeObject, Registry, WatchEvent } from './types.ts';
import { modifyObject, updateObject } from './update-object.ts';

export interface ClusterRegistry extends Registry {
  /** The same rules and the same objects, but nothing that is written stays. */
  readonly dryRun: Registry;
  /** The version of the latest change. */
  readonly resourceVersion: string;
  /** The stored objects themselves, for readers that only look or serialise: they are replaced, never changed. */
  view(resource: string, namespace?: string): readonly KubeObject[];
  /** As `subscribe`, with the stored objects themselves. */
  observe(listener: (event: WatchEvent) => void): () => void;
}

/**
 * A new, empty cluster memory with its garbage collector and namespace life cycle at work.
 * Namespaces have to be created like any other object.
 */
export function createRegistry(options: { now?: () => Date } = {}): ClusterRegistry {
  const store = createStore(options.now ?? (() => new Date()));
  const registry = operationsOn(store);
  collectGarbage(registry);
  emptyDeletedNamespaces(registry, store);
  keepQuotaUsage(registry, store);
  return {
    ...registry,
    dryRun: operationsOn(dryRunOf(store)),
    observe: (listener) => store.subscribe(listener),
    view(resource, namespace) {
      resourceDefinition(resource);
      return store.all(resource, namespace);
    },
    get resourceVersion() {
      return store.resourceVersion;
    },
  };
}

function operationsOn(store: Store): Registry {
  return {
    create: (resource, object) => copyOf(createObject(store, resource, object)),
    get(key) {
      resourceDefinition(key.resource);
      return copyOf(store.find(key));
    },
    list(resource, namespace) {
      resourceDefinition(resource);
      return { items: copyOf(store.all(resource, namespace)), resourceVersion: store.resourceVersion };
    },
    update: (key, object, subresource) => copyOf(updateObject(store, key, { object, subresource })),
    modify: (key, change) => copyOf(modifyObject(store, key, change)),
    delete: (key, options = {}) => copyOf(deleteObject(store, key, options)),
    subscribe: (listener) =>
      store.subscribe((event) => {
        listener(copyOf(event));
      }),
  };
}
