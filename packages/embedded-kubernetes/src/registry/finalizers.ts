import type { ObjectKey, ObjectMeta } from '../objects/kube-object.ts';
import type { Registry } from './types.ts';

/** Holds an owner that is deleted until the garbage collector has taken its dependents' references off. */
export const orphanFinalizer = 'orphan';

/** Takes a finalizer off an object, which goes if it was the last that held it. */
export function dropFinalizer(registry: Registry, key: ObjectKey, finalizer: string): void {
  registry.modify(key, ({ metadata }) => {
    setFinalizers(
      metadata,
      (metadata.finalizers ?? []).filter((each) => each !== finalizer),
    );
  });
}

export function setFinalizers(metadata: ObjectMeta, finalizers: string[]): void {
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
}
