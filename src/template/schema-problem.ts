import type { ErrorObject } from 'ajv';
import { ownMember } from './own-member.ts';
import type { Path } from './placeholders.ts';

/** As far as messages need it. */
export interface Schema {
  title?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  /** Of maps with any names. */
  patternProperties?: Record<string, Schema>;
}

/** The member that is at fault: of an unknown or missing one its own path. */
export function pathOfError(error: ErrorObject): Path {
  const path = error.instancePath.split('/').slice(1).map(unescape);
  const { missingProperty, additionalProperty } = error.params as Record<string, string | undefined>;
  const member = missingProperty ?? additionalProperty;
  return member === undefined ? path : [...path, member];
}

/** `results.storage.size: expected a quantity, received "much"`. */
export function describeSchemaError(
  error: ErrorObject,
  { schema, value }: { schema: object; value: unknown },
): string {
  const path = pathOfError(error);
  const name = path.length === 0 ? 'the document' : path.join('.');
  if (error.keyword === 'additionalProperties') {
    const known = Object.keys(schemaAt(schema, path.slice(0, -1))?.properties ?? {});
    return `${name}: is not a member that a template may have here; expected one of ${known.join(', ')}`;
  }
  const expected = describeSchema(schemaAt(schema, path)) ?? error.message ?? 'something else';
  return `${name}: expected ${expected}, received ${show(valueAt(value, path))}`;
}

function unescape(segment: string): string | number {
  const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(name) ? Number(name) : name;
}

function describeSchema(schema: Schema | undefined): string | undefined {
  if (schema?.title !== undefined) return schema.title;
  const { type } = schema ?? {};
  if (type === undefined) return undefined;
  const words: Record<string, string> = {
    object: 'a map',
    array: 'a list',
    string: 'text',
    boolean: 'true or false',
    integer: 'a whole number',
    number: 'a number',
  };
  return [type]
    .flat()
    .map((one) => words[one] ?? one)
    .join(' or ');
}

export function schemaAt(schema: object, path: Path): Schema | undefined {
  let at: Schema | undefined = schema;
  for (const name of path) {
    at =
      ownMember(at?.properties ?? {}, String(name)) ??
      at?.items ??
      Object.values(at?.patternProperties ?? {})[0];
  }
  return at;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, name) => ownMember((inner ?? {}) as Record<string, unknown>, String(name)),
    value,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'nothing' : text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
