import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../kubernetes/types.ts';
import type { Logger } from '../../log.ts';

/** The cached part of an object. The cache holds projections only, which bounds its memory. */
export interface Projection {
  resourceVersion: string;
}

export interface Change {
  /** The object was deleted or is no longer selected. */
  gone: boolean;
  /** From the answer to a write of this process: the caller knows it already. */
  own: boolean;
}

export interface ObjectCacheOptions<T extends KubernetesObject, P extends Projection> {
  kind: string;
  /** Key in the cache. */
  keyOf: (object: T) => string;
  /** Undefined: not ours, not kept. */
  project: (object: T) => P | undefined;
  /** Applies `labelSelector` to the answers to our own writes, which the API server does not filter. Default: all. */
  selects?: (value: P) => boolean;
  /** Called when more of the projection changed than its resourceVersion. */
  onChange: (key: string, value: P, change: Change) => void;
  log: Logger;
}

/** Versions of so many objects that left the cache last; an answer to a write is seldom later than a few events. */
const keptRemovals = 5000;

/**
 * The newest known version of each object, from a list, a watch or the answer to a write of ours. A version that arrives a second
 * time is no change, and one that arrives after the object's removal does not bring it back.
 */
export class ObjectCache<T extends KubernetesObject, P extends Projection> {
  private readonly options: ObjectCacheOptions<T, P>;
  private readonly values = new Map<string, P>();
  /** resourceVersion with which an object left; the oldest first. */
  private readonly removed = new Map<string, number>();

  constructor(options: ObjectCacheOptions<T, P>) {
    this.options = options;
  }

  get size(): number {
    return this.values.size;
  }

  get(key: string): P | undefined {
    return this.values.get(key);
  }

  all(): Iterable<P> {
    return this.values.values();
  }

  update(object: T, { own }: Pick<Change, 'own'>): void {
    const key = this.options.keyOf(object);
    const known = this.values.get(key);
    const version = versionOf(object);
    // An echo of the past: our own write was faster than the watch, or the object has gone since.
    if (Number(known?.resourceVersion) >= version || Number(this.removed.get(key)) >= version) return;
    const value = this.read(object);
    if (value === undefined || this.options.selects?.(value) === false) {
      this.drop(key, { version, own });
      return;
    }
    this.removed.delete(key);
    this.values.set(key, value);
    if (known !== undefined && isSame(known, value)) return;
    this.options.onChange(key, value, { gone: false, own });
  }

  /** Takes a watch's event: its version is that of the deletion, or of the change that ended the selection. */
  delete(object: T): void {
    this.drop(this.options.keyOf(object), { version: versionOf(object), own: false });
  }

  /** After a whole list of that version: removes objects that are not in it, unless they are newer than the list. */
  keepOnly(keys: ReadonlySet<string>, resourceVersion: string): void {
    const version = Number(resourceVersion);
    for (const key of this.values.keys()) if (!keys.has(key)) this.drop(key, { version, own: false });
  }

  /** Known to be gone from an answer that has no version. */
  remove(key: string): void {
    this.drop(key, { version: Number(this.values.get(key)?.resourceVersion), own: true });
  }

  private drop(key: string, { version, own }: { version: number; own: boolean }): void {
    const known = this.values.get(key);
    if (Number(known?.resourceVersion) > version) return;
    this.rememberRemoval(key, version);
    if (known === undefined) return;
    this.values.delete(key);
    this.options.onChange(key, known, { gone: true, own });
  }

  private rememberRemoval(key: string, version: number): void {
    if (Number.isNaN(version)) return;
    this.removed.delete(key);
    this.removed.set(key, version);
    const [oldest] = this.removed.keys();
    if (this.removed.size > keptRemovals && oldest !== undefined) this.removed.delete(oldest);
  }

  /** Somebody broke it by hand: it is left out until it can be read again, and the others do not wait for it. */
  private read(object: T): P | undefined {
    const { kind, keyOf, project, log } = this.options;
    try {
      return project(object);
    } catch (error) {
      log.error({ kind, key: keyOf(object), err: error }, 'object cannot be read');
      return undefined;
    }
  }
}

function versionOf(object: KubernetesObject): number {
  return Number(object.metadata?.resourceVersion);
}

/** Whether nothing that is kept of the object has changed between two of its versions. */
export function isSame(known: Projection, value: Projection): boolean {
  return isDeepStrictEqual({ ...known, resourceVersion: value.resourceVersion }, value);
}
