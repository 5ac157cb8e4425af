import type { KubeObject, ObjectInput, ObjectKey } from '../objects/kube-object.ts';

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface WatchEvent {
  type: WatchEventType;
  /** Plural resource name: `pods`, `jobs`, … */
  resource: string;
  object: KubeObject;
  /** The object before a MODIFIED event. */
  previous?: KubeObject;
}

export interface DeleteOptions {
  propagationPolicy?: 'Background' | 'Orphan';
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/**
 * The cluster's memory: what etcd and the generic registry are in Kubernetes. All operations are synchronous and
 * atomic, which a single-threaded process gives for nothing. Objects handed in and out are copies.
 * Failures are thrown as `StatusError` (see `status-error.ts`) with the reason and code of a real API server.
 */
export interface Registry {
  create(resource: string, object: ObjectInput): KubeObject;
  get(key: ObjectKey): KubeObject | undefined;
  list(resource: string, namespace?: string): { items: KubeObject[]; resourceVersion: string };
  /** Replaces the object; a `metadata.resourceVersion` that is set and stale is a Conflict. */
  update(key: ObjectKey, object: ObjectInput, subresource?: 'status'): KubeObject;
  /** Reads, changes and writes in one step; for the controllers inside this process. No event if nothing changed. Undefined if absent. */
  modify(key: ObjectKey, change: (draft: KubeObject) => void): KubeObject | undefined;
  /** Deletes, or marks with a deletionTimestamp while finalizers (or a running pod's grace) hold the object. */
  delete(key: ObjectKey, options?: DeleteOptions): KubeObject;
  /** Calls back for every change after now, in order; returns the function that ends it. */
  subscribe(listener: (event: WatchEvent) => void): () => void;
}

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
