import { isRecord } from '../objects/copy.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { badRequest, detailsOf, StatusError } from '../objects/status-error.ts';
import { disruptPod } from '../registry/disrupt-pod.ts';
import type { DeleteOptions, Registry } from '../registry/types.ts';
import type { ApiContext, ApiRequest, JsonAnswer } from './context.ts';
import { integerOption, optionInvalid, registryFor, requestedKey } from './query.ts';

const jobWarning =
  'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';

/** DELETE of one object: the object if it is still there or a pod or namespace, else a Status. */
export async function deleteObject(request: ApiRequest, context: ApiContext): Promise<JsonAnswer> {
  const asked = await readOptions(request, context);
  const key = requestedKey(request);
  const deleted = asked.registry.delete(key, asked.options);
  const { warnings } = asked;
  const isGone =
    asked.registry === context.registry && context.registry.get(key)?.metadata.uid !== deleted.metadata.uid;
  const returnsObject = !isGone || key.resource === 'pods' || key.resource === 'namespaces';
  return {
    kind: 'json',
    code: 200,
    body: returnsObject ? deleted : successStatus(request, deleted),
    warnings,
  };
}

/** DELETE of a collection: kubectl deletes one by one, and so does the service. */
export function deleteCollection(): never {
  throw methodNotAllowed('this cluster does not support it: delete the objects one by one');
}

interface Asked {
  registry: Registry;
  options: DeleteOptions;
  warnings: string[];
}

async function readOptions(request: ApiRequest, context: ApiContext): Promise<Asked> {
  const body = (await request.readBody()) ?? {};
  if (!isRecord(body)) throw badRequest('the body of a DELETE is a DeleteOptions object');
  const options = deleteOptions(request, body);
  const registry = registryFor(request, context, body['dryRun']);
  if (request.definition.plural !== 'jobs' || options.propagationPolicy !== undefined) {
    return { registry, options, warnings: [] };
  }
  // The default of batch/v1, kept by real servers for old clients.
  return { registry, options: { ...options, propagationPolicy: 'Orphan' }, warnings: [jobWarning] };
}

function deleteOptions({ query }: ApiRequest, body: Record<string, unknown>): DeleteOptions {
  if (body['orphanDependents'] !== undefined || query.has('orphanDependents')) {
    throw optionInvalid(
      'orphanDependents',
      'Forbidden: it is deprecated and not supported here: use propagationPolicy',
    );
  }
  const propagationPolicy = policyOf(body['propagationPolicy'] ?? query.get('propagationPolicy'));
  const grace = body['gracePeriodSeconds'] ?? integerOption(query, 'gracePeriodSeconds');
  if (grace !== undefined && !Number.isSafeInteger(grace))
    throw badRequest('gracePeriodSeconds has to be an integer');
  const conditions = preconditions(body['preconditions']);
  return {
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(conditions === undefined ? {} : { preconditions: conditions }),
  };
}

function policyOf(value: unknown): DeleteOptions['propagationPolicy'] {
  if (value === null || value === undefined) return undefined;
  if (value === 'Background' || value === 'Orphan') return value;
  throw optionInvalid(
    'propagationPolicy',
    value === 'Foreground'
      ? 'Forbidden: the embedded cluster does not support Foreground: use Background'
      : `Invalid value: ${JSON.stringify(value)}: supported values: "Background", "Orphan"`,
  );
}

function preconditions(value: unknown): DeleteOptions['preconditions'] {
  if (!isRecord(value)) return undefined;
  const { uid, resourceVersion } = value;
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

function successStatus({ definition }: ApiRequest, { metadata }: KubeObject): Record<string, unknown> {
  const details = { ...detailsOf(definition, metadata.name), uid: metadata.uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** POST to `/eviction`: a deletion that first says why, on the pod itself. There are no disruption budgets here. */
export async function evictPod(request: ApiRequest, context: ApiContext): Promise<JsonAnswer> {
  const body = await request.readBody();
  if (!isRecord(body) || body['kind'] !== 'Eviction')
    throw badRequest('the body has to be an Eviction of policy/v1');
  const given = isRecord(body['deleteOptions']) ? body['deleteOptions'] : {};
  const registry = registryFor(request, context, given['dryRun']);
  const key = requestedKey(request);
  const options = deleteOptions(request, given);
  const why = { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' } as const;
  disruptPod(registry, key, { ...why, now: context.now(), options });
  return {
    kind: 'json',
    code: 201,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  };
}

export function methodNotAllowed(why?: string): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: why === undefined ? message : `${message}: ${why}`,
  });
}
