import { isDeepStrictEqual } from 'node:util';

import { copyOf } from '../objects/copy.ts';
import type { KubeObject, ObjectInput, ObjectKey, ObjectMeta } from '../objects/kube-object.ts';
import { badRequest, conflict, invalid, notFound } from '../objects/status-error.ts';
import { Causes } from './causes.ts';
import { checkMetadata } from './check-metadata.ts';
import { rulesFor } from './kinds/rules.ts';
import { apiVersionOf, resourceDefinition, type ResourceDefinition } from './resources.ts';
import type { Store } from './store.ts';

const stale = 'the object has been modified; please apply your changes to the latest version and try again';

export interface Replacement {
  object: ObjectInput;
  subresource?: 'status' | undefined;
}

/** Replaces an object under all the rules a client is under. */
export function updateObject(store: Store, key: ObjectKey, replacement: Replacement): KubeObject {
  const definition = resourceDefinition(key.resource);
  const current = store.find(key);
  if (!current) throw notFound(definition, key.name);
  const input = copyOf(replacement.object);
  checkIdentity(definition, current, input.metadata ?? {});

  const next = copyOf(merged(definition, current, { ...replacement, object: input }));
  const causes = new Causes();
  checkMetadata(next.metadata, definition, causes);
  checkFinalizers(current, next, causes);
  if (replacement.subresource === undefined) {
    rulesFor(key.resource).check?.(next, causes);
    rulesFor(key.resource).checkUpdate?.(next, current, causes);
  }
  if (causes.list.length > 0) throw invalid(definition, key.name, causes.list);
  return commit(store, key.resource, { current, next });
}

/** Changes an object in one step, for controllers: only bookkeeping (generation, finalizers) is enforced. */
export function modifyObject(
  store: Store,
  key: ObjectKey,
  change: (draft: KubeObject) => void,
): KubeObject | undefined {
  const current = store.find(key);
  if (!current) return undefined;
  const draft = copyOf(current);
  change(draft);
  return commit(store, key.resource, { current, next: copyOf(draft) });
}

function commit(
  store: Store,
  resource: string,
  change: { current: KubeObject; next: KubeObject },
): KubeObject {
  const { current, next } = change;
  next.metadata.resourceVersion = current.metadata.resourceVersion;
  if (isDeepStrictEqual(current, next)) return current;
  if (resourceDefinition(resource).generation && !isDeepStrictEqual(current['spec'], next['spec'])) {
    next.metadata.generation = (current.metadata.generation ?? 0) + 1;
  }
  return isReleased(next) ? store.remove(resource, next) : store.put(resource, next);
}

/** Marked for deletion, out of grace, and held by nobody: the object goes. */
export function isReleased(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || (deletionGracePeriodSeconds ?? 0) > 0) return false;
  return (finalizers ?? []).length === 0 && namespaceFinalizers(object).length === 0;
}

function namespaceFinalizers(object: KubeObject): unknown[] {
  if (object.kind !== 'Namespace') return [];
  const spec = object['spec'] as { finalizers?: unknown[] } | undefined;
  return spec?.finalizers ?? [];
}

function checkIdentity(
  definition: ResourceDefinition,
  current: KubeObject,
  given: Partial<ObjectMeta>,
): void {
  const { name, uid } = current.metadata;
  if (given.name !== undefined && given.name !== name) {
    throw badRequest(`the name of the object (${given.name}) does not match the name on the URL (${name})`);
  }
  if (given.namespace !== undefined && given.namespace !== current.metadata.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (given.uid && given.uid !== uid) {
    const why = `Precondition failed: UID in precondition: ${given.uid}, UID in object meta: ${uid}`;
    throw conflict(definition, name, why);
  }
  checkVersion(definition, current, given.resourceVersion);
}

function checkVersion(
  definition: ResourceDefinition,
  { metadata }: KubeObject,
  given: string | undefined,
): void {
  if (given) {
    if (given !== metadata.resourceVersion) throw conflict(definition, metadata.name, stale);
  } else if (definition.versionedUpdate) {
    const causes = new Causes();
    causes.invalid('metadata.resourceVersion', 0, 'must be specified for an update');
    throw invalid(definition, metadata.name, causes.list);
  }
}

/** The new object: what the request may say, over what only the server may say. */
function merged(definition: ResourceDefinition, current: KubeObject, replacement: Replacement): KubeObject {
  const { object, subresource } = replacement;
  // A status without metadata is taken for a change of the status alone.
  const given = object.metadata ?? (subresource === 'status' ? current.metadata : {});
  const metadata: ObjectMeta = { ...given, ...protectedMetadata(current.metadata) };
  const identity = { apiVersion: apiVersionOf(definition), kind: definition.kind, metadata };
  if (!definition.subresources.includes('status'))
    return withDefaults(definition, { ...object, ...identity });
  if (subresource === 'status') {
    return { ...copyOf(current), ...identity, ...(object['status'] ? { status: object['status'] } : {}) };
  }
  const next = withDefaults(definition, { ...object, ...identity });
  if (current['status'] === undefined) delete next['status'];
  else next['status'] = copyOf(current['status']);
  return next;
}

function withDefaults(definition: ResourceDefinition, object: KubeObject): KubeObject {
  rulesFor(definition.plural).applyDefaults?.(object);
  return object;
}

const serverOwned = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
] as const;

function protectedMetadata(current: ObjectMeta): ObjectMeta {
  // An absent member is set to undefined on purpose: it then beats what the request says, and vanishes in the copy.
  return Object.fromEntries(serverOwned.map((member) => [member, current[member]])) as unknown as ObjectMeta;
}

function checkFinalizers(current: KubeObject, next: KubeObject, causes: Causes): void {
  if (current.metadata.deletionTimestamp === undefined) return;
  const before = new Set(current.metadata.finalizers ?? []);
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return;
  causes.forbidden(
    'metadata.finalizers',
    `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
  );
}
