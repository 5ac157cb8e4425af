/** What every stored object has; the rest is the kind's own. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [member: string]: unknown;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  [member: string]: unknown;
}

/** What a client hands in: the server completes the rest. */
export interface ObjectInput {
  apiVersion?: string;
  kind?: string;
  metadata?: Partial<ObjectMeta>;
  [member: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface WatchEvent {
  type: WatchEventType;
  /** Plural resource name: `pods`, `jobs`, … */
  resource: string;
  object: KubeObject;
  /** Of a MODIFIED object: what it was before. */
  previous?: KubeObject;
}

export interface ObjectKey {
  resource: string;
  namespace?: string;
  name: string;
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
