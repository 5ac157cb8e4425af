import { copyOf } from '../objects/copy.ts';
import { createObject } from './create-object.ts';
import { deleteObject } from './delete-object.ts';
import { resourceDefinition } from './resources.ts';
import { createStore, dryRunOf, type Store } from './store.ts';
import type { ClusterRegistry, Registry } from './types.ts';
import { modifyObject, updateObject } from './update-object.ts';

/** A new, empty cluster memory under the rules of the API server; no controller works on it. */
export function createRegistry(options: { now?: () => Date } = {}): ClusterRegistry {
  const store = createStore(options.now ?? (() => new Date()));
  const registry = operationsOn(store);
  return {
    ...registry,
    dryRun: operationsOn(dryRunOf(store)),
    observe: (listener) => store.subscribe(listener),
    view(resource, namespace) {
      resourceDefinition(resource);
      return store.view(resource, namespace);
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
      return { items: copyOf(store.view(resource, namespace)), resourceVersion: store.resourceVersion };
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
