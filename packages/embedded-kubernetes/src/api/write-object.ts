import type { ObjectInput } from '../objects/kube-object.ts';
import { badRequest, notFound, StatusError } from '../objects/status-error.ts';
import type { ApiContext, ApiRequest, JsonAnswer } from './context.ts';
import { applyMergePatch, applyStrategicMergePatch } from './merge-patch.ts';
import { objectAnswer } from './object-answer.ts';
import { fieldValidationOption, registryFor, requestedKey } from './query.ts';
import { protobuf } from './read-body.ts';
import { type Decoded, decodeObject } from './schema/decode.ts';

/** POST to a collection. */
export async function createObject(request: ApiRequest, context: ApiContext): Promise<JsonAnswer> {
  const registry = registryFor(request, context);
  const { object, warnings } = await readObject(request);
  const created = registry.create(request.definition.plural, object);
  return objectAnswer({ code: 201, object: created, warnings }, request, context);
}

/** PUT of an object or its status; a Lease or an Event that is absent is created. */
export async function updateObject(request: ApiRequest, context: ApiContext): Promise<JsonAnswer> {
  const registry = registryFor(request, context);
  const { object, warnings } = await readObject(request);
  const key = requestedKey(request);
  if (request.definition.createOnUpdate && !registry.get(key)) {
    const metadata = { ...object.metadata, name: key.name };
    const created = registry.create(key.resource, { ...object, metadata });
    return objectAnswer({ code: 201, object: created, warnings }, request, context);
  }
  const updated = registry.update(key, object, statusOf(request));
  return objectAnswer({ code: 200, object: updated, warnings }, request, context);
}

/** PATCH: read, change and write in one step, so that only a resourceVersion inside the patch can conflict. */
export async function patchObject(request: ApiRequest, context: ApiContext): Promise<JsonAnswer> {
  const registry = registryFor(request, context);
  const apply = patchMethod(request);
  const patch = await request.readBody();
  const key = requestedKey(request);
  const current = registry.get(key);
  if (!current) throw notFound(request.definition, key.name);
  const { object, warnings } = decodeObject(
    request.definition,
    apply(current, patch),
    fieldValidationOption(request),
  );
  const updated = registry.update(key, object, statusOf(request));
  return objectAnswer({ code: 200, object: updated, warnings }, request, context);
}

const patchMethods: Record<string, typeof applyMergePatch> = {
  'application/merge-patch+json': applyMergePatch,
  'application/strategic-merge-patch+json': applyStrategicMergePatch,
};

const unsupportedPatches: Record<string, string> = {
  'application/json-patch+json': 'JSON patches are not supported by this cluster, use --type merge; ',
  'application/apply-patch+yaml': 'server-side apply is not supported by this cluster; ',
  'application/apply-patch+cbor': 'server-side apply is not supported by this cluster; ',
};

function patchMethod({ contentType }: ApiRequest): typeof applyMergePatch {
  const method = patchMethods[contentType];
  if (method) return method;
  const why = `${unsupportedPatches[contentType] ?? ''}accepted media types include: ${Object.keys(patchMethods).join(', ')}`;
  throw unsupportedMediaType(why, contentType);
}

async function readObject(request: ApiRequest): Promise<Decoded> {
  if (!['', 'application/json', protobuf].includes(request.contentType)) {
    throw unsupportedMediaType('accepted media types include: application/json', request.contentType);
  }
  const validation = fieldValidationOption(request);
  const decoded = decodeObject(request.definition, await request.readBody(), validation);
  return { ...decoded, object: inNamespace(request, decoded.object) };
}

function inNamespace(request: ApiRequest, object: ObjectInput): ObjectInput {
  const { namespace } = request;
  const given = object.metadata?.namespace;
  if (given && given !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (namespace === undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function statusOf(request: ApiRequest): 'status' | undefined {
  return request.subresource === 'status' ? 'status' : undefined;
}

function unsupportedMediaType(message: string, given: string): StatusError {
  return new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format (${given || 'no content type'}) - ${message}`,
  });
}
