import type { KubeObject, ObjectKey } from '../objects/kube-object.ts';
import type { WatchEvent } from './types.ts';

/** The bare memory below the rules: objects by key, one version counter, and an ordered stream of changes. */
export interface Store {
  readonly now: () => Date;
  readonly resourceVersion: string;
  /** The stored object itself: it is replaced, never changed. */
  find(key: ObjectKey): KubeObject | undefined;
  view(resource: string, namespace?: string): KubeObject[];
  put(resource: string, object: KubeObject): KubeObject;
  remove(resource: string, object: KubeObject): KubeObject;
  /** Listeners get the stored objects themselves. */
  readonly subscribe: (listener: (event: WatchEvent) => void) => () => void;
}

export function createStore(now: () => Date): Store {
  const objects = new Map<string, Map<string, KubeObject>>();
  const stream = createEventStream();
  let version = 0;

  function shelf(resource: string): Map<string, KubeObject> {
    const found = objects.get(resource) ?? new Map<string, KubeObject>();
    objects.set(resource, found);
    return found;
  }
  function stamped(object: KubeObject): KubeObject {
    version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
  }

  return {
    now,
    get resourceVersion() {
      return String(version);
    },
    find: (key) => shelf(key.resource).get(keyText(key)),
    view: (resource, namespace) => sorted(shelf(resource), namespace),
    put(resource, object) {
      const key = keyText(object.metadata);
      const previous = shelf(resource).get(key);
      const stored = stamped(object);
      shelf(resource).set(key, stored);
      stream.emit(
        previous
          ? { type: 'MODIFIED', resource, object: stored, previous }
          : { type: 'ADDED', resource, object: stored },
      );
      return stored;
    },
    remove(resource, object) {
      const last = stamped(object);
      shelf(resource).delete(keyText(object.metadata));
      stream.emit({ type: 'DELETED', resource, object: last });
      return last;
    },
    subscribe: stream.subscribe,
  };
}

/** The same memory for requests with `dryRun=All`: reads are real, writes go nowhere. */
export function dryRunOf(store: Store): Store {
  return {
    ...store,
    get resourceVersion() {
      return store.resourceVersion;
    },
    put: (_resource, object) => object,
    remove: (_resource, object) => object,
  };
}

function keyText(key: { namespace?: string; name: string }): string {
  return `${key.namespace ?? ''}/${key.name}`;
}

function sorted(shelf: Map<string, KubeObject>, namespace: string | undefined): KubeObject[] {
  const keys = [...shelf.keys()].sort();
  const found: KubeObject[] = [];
  for (const key of keys) {
    const object = shelf.get(key);
    if (object && (namespace === undefined || object.metadata.namespace === namespace)) found.push(object);
  }
  return found;
}

interface EventStream {
  emit(event: WatchEvent): void;
  readonly subscribe: Store['subscribe'];
}

/** A listener may write: what it causes is delivered after the event it is looking at, to every listener alike. */
function createEventStream(): EventStream {
  const listeners = new Set<(event: WatchEvent) => void>();
  const waiting: WatchEvent[] = [];
  let delivering = false;

  function deliver(event: WatchEvent): void {
    for (const listener of [...listeners]) {
      if (!listeners.has(listener)) continue;
      try {
        listener(event);
      } catch (error) {
        // A broken listener must not fail the write it was called for; as a bug it must not be hidden either.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  return {
    emit(event) {
      waiting.push(event);
      if (delivering) return;
      delivering = true;
      for (let next = waiting.shift(); next; next = waiting.shift()) deliver(next);
      delivering = false;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
