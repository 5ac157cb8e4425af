import type { KubeObject, ObjectKey } from '../objects/kube-object.ts';
import { badRequest, StatusError } from '../objects/status-error.ts';
import type { Registry } from '../registry/types.ts';
import type { ApiContext, ApiRequest } from './context.ts';
import type { FieldValidation } from './schema/decode.ts';
import { parseFieldSelector, parseLabelSelector, type Selector } from './selectors.ts';

/** Options of a request that are read in more than one place. */

export function booleanOption(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === '' || value === 'false' || value === '0') return false;
  if (value === 'true' || value === '1') return true;
  throw badRequest(`invalid boolean ${JSON.stringify(value)} for ${name}: true or false is expected`);
}

export function integerOption(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw badRequest(`invalid number ${JSON.stringify(value)} for ${name}: a non-negative integer is expected`);
}

export function selectorOption(request: ApiRequest): Selector {
  const labels = parseLabelSelector(request.query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(request.definition.plural, request.query.get('fieldSelector') ?? '');
  return (object: KubeObject) => labels(object) && fields(object);
}

/** The registry that a writing request works on: the real one, or the one that forgets. */
export function registryFor(request: ApiRequest, context: ApiContext, bodyDryRun: unknown = []): Registry {
  const asked = [
    ...request.query.getAll('dryRun'),
    ...(Array.isArray(bodyDryRun) ? (bodyDryRun as unknown[]) : []),
  ];
  for (const value of asked) {
    if (value !== 'All')
      throw optionInvalid('dryRun', `Unsupported value: ${JSON.stringify(value)}: supported values: "All"`);
  }
  return asked.length > 0 ? context.registry.dryRun : context.registry;
}

export function fieldValidationOption(request: ApiRequest): FieldValidation {
  const value = request.query.get('fieldValidation') ?? 'Warn';
  if (value === 'Ignore' || value === 'Warn' || value === 'Strict') return value;
  throw optionInvalid(
    'fieldValidation',
    `Unsupported value: ${JSON.stringify(value)}: supported values: "Ignore", "Strict", "Warn"`,
  );
}

/** An option of the request itself is wrong. */
export function optionInvalid(field: string, message: string): StatusError {
  return new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `Options.meta.k8s.io "" is invalid: ${field}: ${message}`,
    details: {
      group: 'meta.k8s.io',
      kind: 'Options',
      causes: [{ reason: 'FieldValueInvalid', message, field }],
    },
  });
}

export function requestedKey(request: ApiRequest): ObjectKey {
  const { definition, namespace, name = '' } = request;
  return { resource: definition.plural, name, ...(namespace === undefined ? {} : { namespace }) };
}
