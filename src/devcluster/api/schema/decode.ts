import { isRecord } from '../../registry/copy.ts';
import { apiVersionOf } from '../../registry/resources.ts';
import type { ResourceDefinition } from '../../registry/resources.ts';
import { badRequest } from '../../registry/status-error.ts';
import type { StatusError } from '../../registry/status-error.ts';
import { timestamp } from '../../registry/timestamp.ts';
import type { ObjectInput } from '../../registry/types.ts';
import { kindSchemas } from './kinds.ts';
import { any } from './schema.ts';
import type { Scalar, Schema } from './schema.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface Decoded {
  object: ObjectInput;
  /** For the `Warning` header: unknown members that were dropped. */
  warnings: string[];
}

/**
 * Reads a request's object as a real server does: a wrong type is a 400, an unknown member is dropped (and reported),
 * or refused with `fieldValidation=Strict`.
 */
export function decodeObject(
  definition: ResourceDefinition,
  body: unknown,
  validation: FieldValidation,
): Decoded {
  if (!isRecord(body)) throw badRequest('the body of the request has to be a JSON object');
  checkType(definition, body);
  const walk: Walk = { definition, unknown: [] };
  const object = decoded(kindSchemas[definition.plural] ?? any, body, { walk, path: '' });
  const findings = walk.unknown.map((path) => `unknown field "${path}"`);
  if (validation === 'Strict' && findings.length > 0) {
    throw cannotHandle(definition, `strict decoding error: ${findings.join(', ')}`);
  }
  return { object: object as ObjectInput, warnings: validation === 'Warn' ? findings : [] };
}

interface Walk {
  definition: ResourceDefinition;
  unknown: string[];
}

interface Place {
  walk: Walk;
  path: string;
}

function checkType(definition: ResourceDefinition, body: Record<string, unknown>): void {
  const expected = apiVersionOf(definition);
  const { apiVersion = expected, kind = definition.kind } = body;
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== definition.kind) {
    throw badRequest(
      `${String(kind)} in version "${definition.version}" cannot be handled as a ${definition.kind}`,
    );
  }
}

function cannotHandle(definition: ResourceDefinition, why: string): StatusError {
  return badRequest(
    `${definition.kind} in version "${definition.version}" cannot be handled as a ${definition.kind}: ${why}`,
  );
}

function decoded(schema: Schema, value: unknown, place: Place): unknown {
  switch (schema.type) {
    case 'any':
      return value;
    case 'object':
      return decodedFields(schema.fields, asRecord(value, place), place);
    case 'map':
      return mapValues(asRecord(value, place), (member, key) =>
        decoded(schema.values, member, inside(place, key)),
      );
    case 'list':
      return asList(value, place).map((item) => decoded(schema.items, item, place));
    case 'scalar':
      return decodedScalar(schema.of, value, place);
  }
}

const accepts: Record<Scalar, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isSafeInteger,
  intOrString: (value) => typeof value === 'string' || Number.isSafeInteger(value),
  quantity: (value) => typeof value === 'string' || typeof value === 'number',
  time: isTime,
  microTime: isTime,
};

function decodedScalar(type: Scalar, value: unknown, place: Place): unknown {
  if (!accepts[type](value)) throw mismatch(value, type, place);
  if (type === 'time') return timestamp(new Date(String(value)));
  if (type === 'microTime') return microseconds(String(value));
  return type === 'quantity' ? String(value) : value;
}

const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

function isTime(value: unknown): boolean {
  return typeof value === 'string' && timePattern.test(value) && !Number.isNaN(Date.parse(value));
}

function microseconds(value: string): string {
  const fraction = (timePattern.exec(value)?.[2] ?? '').slice(0, 6).padEnd(6, '0');
  return timestamp(new Date(value)).replace('Z', `.${fraction}Z`);
}

function decodedFields(
  known: Record<string, Schema>,
  value: Record<string, unknown>,
  place: Place,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    const schema = Object.hasOwn(known, key) ? known[key] : undefined;
    if (schema === undefined) place.walk.unknown.push(inside(place, key).path);
    // As in Go, null is absence.
    else if (member !== null) result[key] = decoded(schema, member, inside(place, key));
  }
  return result;
}

function mapValues(
  value: Record<string, unknown>,
  change: (member: unknown, key: string) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(entries.map(([key, member]) => [key, change(member, key)]));
}

function asRecord(value: unknown, place: Place): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw mismatch(value, 'object', place);
}

function asList(value: unknown, place: Place): unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw mismatch(value, 'list', place);
}

function inside(place: Place, key: string): Place {
  return { walk: place.walk, path: place.path === '' ? key : `${place.path}.${key}` };
}

function mismatch(value: unknown, expected: string, { walk, path }: Place): StatusError {
  const found = Array.isArray(value) ? 'array' : typeof value;
  const why = `json: cannot unmarshal ${found} into Go struct field ${walk.definition.kind}.${path} of type ${expected}`;
  return cannotHandle(walk.definition, why);
}
