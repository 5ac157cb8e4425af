import type { ObjectStore, ObjectWrites } from '../../storage/object-store.ts';
import type { ReconcilerDependencies } from '../reconciler.ts';

/** The same dependencies; `beforeWrite` runs before each change of the cluster or the store and each delivery, and stops it by throwing. */
export function guardWrites(deps: ReconcilerDependencies, beforeWrite: () => void): ReconcilerDependencies {
  return {
    ...deps,
    cluster: deps.cluster.guarded(beforeWrite),
    store: { ...deps.store, ...guardedWrites(deps.store, beforeWrite) },
    connectors: {
      ...deps.connectors,
      async deliver(...delivery) {
        beforeWrite();
        return await deps.connectors.deliver(...delivery);
      },
    },
  };
}

function guardedWrites(store: ObjectStore, beforeWrite: () => void): ObjectWrites {
  return {
    async put(...object) {
      beforeWrite();
      return await store.put(...object);
    },
    remove: (keys, signal) => store.remove(beforeEach(keys, beforeWrite), signal),
    async abortUploads(...uploads) {
      beforeWrite();
      return await store.abortUploads(...uploads);
    },
  };
}

/** A batch is sent soon after its last key was read. */
async function* beforeEach(
  keys: AsyncIterable<string> | Iterable<string>,
  beforeWrite: () => void,
): AsyncGenerator<string> {
  for await (const key of keys) {
    beforeWrite();
    yield key;
  }
  beforeWrite();
}
