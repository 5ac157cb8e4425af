import { copyOf } from '../objects/copy.ts';
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts';
import { conflict, notFound } from '../objects/status-error.ts';
import { timestamp } from '../objects/timestamp.ts';
import { orphanFinalizer, setFinalizers } from './finalizers.ts';
import { rulesFor } from './kinds/rules.ts';
import { resourceDefinition, type ResourceDefinition } from './resources.ts';
import type { Store } from './store.ts';
import type { DeleteOptions } from './types.ts';
import { isReleased } from './update-object.ts';

/** Deletes, or marks for deletion while a finalizer or a running pod's grace holds the object. */
export function deleteObject(store: Store, key: ObjectKey, options: DeleteOptions): KubeObject {
  const definition = resourceDefinition(key.resource);
  const current = store.find(key);
  if (!current) throw notFound(definition, key.name);
  checkPreconditions(definition, current, options);

  const next = copyOf(current);
  holdForDependents(next, options);
  markForDeletion(
    next,
    rulesFor(key.resource).gracePeriod?.(next, options.gracePeriodSeconds) ?? 0,
    store.now(),
  );
  if (isReleased(next)) return store.remove(key.resource, next);
  return sameMark(current, next) ? current : store.put(key.resource, next);
}

function checkPreconditions(
  definition: ResourceDefinition,
  current: KubeObject,
  options: DeleteOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const { metadata } = current;
  if (uid !== undefined && uid !== metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`;
    throw conflict(definition, metadata.name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const why = `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`;
    throw conflict(definition, metadata.name, why);
  }
}

/** Orphan is a finalizer which the garbage collector takes off when its part is done. */
function holdForDependents({ metadata }: KubeObject, { propagationPolicy: policy }: DeleteOptions): void {
  if (policy === undefined) return;
  const others = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== orphanFinalizer);
  setFinalizers(metadata, policy === 'Orphan' ? [...others, orphanFinalizer] : others);
}

/** Sets or shortens the mark; a second delete never lengthens a grace. */
function markForDeletion(next: KubeObject, grace: number, now: Date): void {
  const { metadata } = next;
  const due = timestamp(new Date(now.getTime() + grace * 1000));
  if (metadata.deletionTimestamp === undefined) {
    if (metadata.generation !== undefined) metadata.generation += 1;
    metadata.deletionTimestamp = due;
    metadata.deletionGracePeriodSeconds = grace;
    return;
  }
  const pending = metadata.deletionGracePeriodSeconds ?? 0;
  if (grace >= pending) return;
  const asked = new Date(metadata.deletionTimestamp).getTime() - pending * 1000;
  metadata.deletionTimestamp =
    grace === 0 ? earlier(metadata.deletionTimestamp, due) : timestamp(new Date(asked + grace * 1000));
  metadata.deletionGracePeriodSeconds = grace;
}

function earlier(first: string, second: string): string {
  return first < second ? first : second;
}

function sameMark(current: KubeObject, next: KubeObject): boolean {
  return (
    current.metadata.deletionTimestamp === next.metadata.deletionTimestamp &&
    current.metadata.deletionGracePeriodSeconds === next.metadata.deletionGracePeriodSeconds &&
    String(current.metadata.finalizers) === String(next.metadata.finalizers)
  );
}
