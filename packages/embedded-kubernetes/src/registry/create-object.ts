import { randomInt, randomUUID } from 'node:crypto';

import { copyOf } from '../objects/copy.ts';
import type { KubeObject, ObjectInput, ObjectMeta } from '../objects/kube-object.ts';
import {
  alreadyExists,
  badRequest,
  detailsOf,
  forbidden,
  invalid,
  notFound,
  qualified,
  StatusError,
} from '../objects/status-error.ts';
import { timestamp } from '../objects/timestamp.ts';
import { admitObject } from './admit-object.ts';
import { Causes } from './causes.ts';
import { checkMetadata } from './check-metadata.ts';
import { rulesFor } from './kinds/rules.ts';
import { apiVersionOf, resourceDefinition, type ResourceDefinition } from './resources.ts';
import type { Store } from './store.ts';

/** Defaults, checks and stores a new object. */
export function createObject(store: Store, resource: string, input: ObjectInput): KubeObject {
  const definition = resourceDefinition(resource);
  const object = prepared(definition, copyOf(input), timestamp(store.now()));
  if (definition.namespaced) requireLiveNamespace(store, definition, object);

  const causes = new Causes();
  checkMetadata(object.metadata, definition, causes);
  rulesFor(resource).check?.(object, causes);
  if (causes.list.length > 0) throw invalid(definition, object.metadata.name, causes.list);

  admitObject(store, definition, object);
  const key = { resource, ...object.metadata };
  if (store.find(key)) throw alreadyExists(definition, object.metadata.name);
  return store.put(resource, object);
}

function prepared(definition: ResourceDefinition, input: ObjectInput, time: string): KubeObject {
  const given: Partial<ObjectMeta> = input.metadata ?? {};
  if (given.resourceVersion) {
    throw new StatusError({
      code: 500,
      reason: 'InternalError',
      message: 'resourceVersion should not be set on objects to be created',
    });
  }
  const object: KubeObject = {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    ...withoutType(input),
    metadata: { ...given, ...systemFields(definition, given, time) },
  };
  for (const member of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields', 'selfLink']) {
    Reflect.deleteProperty(object.metadata, member);
  }
  if (!definition.namespaced) delete object.metadata.namespace;
  if (definition.subresources.includes('status')) object['status'] = {};
  rulesFor(definition.plural).applyDefaults?.(object);
  return object;
}

// Type first, as every Kubernetes tool prints it.
function withoutType(input: ObjectInput): ObjectInput {
  const rest = { ...input };
  delete rest.apiVersion;
  delete rest.kind;
  return rest;
}

function systemFields(definition: ResourceDefinition, given: Partial<ObjectMeta>, time: string) {
  return {
    name: given.name ?? generatedName(given.generateName),
    uid: randomUUID(),
    resourceVersion: '',
    creationTimestamp: time,
    ...(definition.generation ? { generation: 1 } : {}),
  };
}

const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

function generatedName(prefix: string | undefined): string {
  if (!prefix) return '';
  let name = prefix.slice(0, 58);
  for (let index = 0; index < 5; index += 1) name += nameAlphabet.charAt(randomInt(nameAlphabet.length));
  return name;
}

function requireLiveNamespace(store: Store, definition: ResourceDefinition, object: KubeObject): void {
  const namespace = object.metadata.namespace;
  if (!namespace) throw badRequest('an empty namespace may not be set during creation');
  const found = store.find({ resource: 'namespaces', name: namespace });
  if (!found) throw notFound(resourceDefinition('namespaces'), namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const { name } = object.metadata;
  const causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ];
  throw forbidden(
    `${qualified(definition)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    { ...detailsOf(definition, name), causes },
  );
}
