import { keyOf, type KubeObject, type ObjectKey } from '../objects/kube-object.ts';
import { dropFinalizer, orphanFinalizer } from '../registry/finalizers.ts';
import { definitionOfKind } from '../registry/resources.ts';
import type { Registry, WatchEvent } from '../registry/types.ts';

/**
 * Deletes objects whose owners are gone, and finishes Orphan deletions.
 * Works on events, so it needs no polling and no end of its own.
 */
export function collectGarbage(registry: Registry): void {
  const dependents = createDependentIndex();
  registry.subscribe((event) => {
    dependents.record(event);
    const { uid, deletionTimestamp, finalizers = [] } = event.object.metadata;
    if (event.type === 'DELETED') {
      for (const key of dependents.of(uid)) releaseFromOwner(registry, key, uid);
      return;
    }
    collectIfOwnerless(registry, keyOf(event.resource, event.object));
    if (deletionTimestamp === undefined || !finalizers.includes(orphanFinalizer)) return;
    for (const key of dependents.of(uid)) dropReference(registry, key, uid);
    dropFinalizer(registry, keyOf(event.resource, event.object), orphanFinalizer);
  });
}

interface DependentIndex {
  record(event: WatchEvent): void;
  of(ownerUid: string): ObjectKey[];
}

/** Which objects name which owner, kept from the events. */
function createDependentIndex(): DependentIndex {
  const byOwner = new Map<string, Map<string, ObjectKey>>();
  const ownersByUid = new Map<string, string[]>();
  return {
    record(event) {
      const { uid, ownerReferences = [] } = event.object.metadata;
      for (const owner of ownersByUid.get(uid) ?? []) forget(byOwner, owner, uid);
      const owners = event.type === 'DELETED' ? [] : ownerReferences.map((owner) => owner.uid);
      if (owners.length === 0) ownersByUid.delete(uid);
      else ownersByUid.set(uid, owners);
      for (const owner of owners) {
        const known = byOwner.get(owner) ?? new Map<string, ObjectKey>();
        byOwner.set(owner, known.set(uid, keyOf(event.resource, event.object)));
      }
    },
    of: (ownerUid) => [...(byOwner.get(ownerUid)?.values() ?? [])],
  };
}

function forget(byOwner: Map<string, Map<string, ObjectKey>>, owner: string, uid: string): void {
  byOwner.get(owner)?.delete(uid);
  if (byOwner.get(owner)?.size === 0) byOwner.delete(owner);
}

interface Owner {
  uid: string;
  key: ObjectKey;
}

/** The owners this cluster can look up; a kind it does not serve is left alone. */
function ownersOf({ metadata: { namespace, ownerReferences = [] } }: KubeObject): Owner[] {
  return ownerReferences.flatMap(({ apiVersion, kind, name, uid }) => {
    const definition = definitionOfKind(apiVersion, kind);
    if (!definition) return [];
    const scope = definition.namespaced && namespace !== undefined ? { namespace } : {};
    return [{ uid, key: { resource: definition.plural, name, ...scope } }];
  });
}

function isAlive(registry: Registry, owner: Owner): boolean {
  return registry.get(owner.key)?.metadata.uid === owner.uid;
}

function collectIfOwnerless(registry: Registry, key: ObjectKey): void {
  const object = registry.get(key);
  const references = object?.metadata.ownerReferences ?? [];
  if (!object || references.length === 0 || object.metadata.deletionTimestamp !== undefined) return;
  const owners = ownersOf(object);
  if (owners.length < references.length || owners.some((owner) => isAlive(registry, owner))) return;
  registry.delete(key, { propagationPolicy: 'Background', preconditions: { uid: object.metadata.uid } });
}

/** An owner is gone: a dependent with other living owners loses the reference, one without them is deleted. */
function releaseFromOwner(registry: Registry, key: ObjectKey, ownerUid: string): void {
  const object = registry.get(key);
  if (!object) return;
  const alive = ownersOf(object).some((owner) => owner.uid !== ownerUid && isAlive(registry, owner));
  if (alive) dropReference(registry, key, ownerUid);
  else if (object.metadata.deletionTimestamp === undefined)
    registry.delete(key, { propagationPolicy: 'Background' });
}

function dropReference(registry: Registry, key: ObjectKey, ownerUid: string): void {
  registry.modify(key, ({ metadata }) => {
    const kept = (metadata.ownerReferences ?? []).filter((owner) => owner.uid !== ownerUid);
    if (kept.length > 0) metadata.ownerReferences = kept;
    else delete metadata.ownerReferences;
  });
}
