import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as ajvFormats } from 'ajv-formats';

/** The validator of settings, templates and requests: JSON Schema 2020-12. It reports all problems and changes no value. */
export const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  discriminator: true,
  // Each command would start later: optimizing takes as long as compiling, and documents are small; the schema of schemas is
  // compiled first. A unit test validates our own schemas.
  code: { optimize: false },
  validateSchema: false,
});
ajvFormats.default(ajv);

/** Compiles a large schema at the first use, so that help and a wrong command line are answered at once. */
export function compileAtFirstUse<T>(schema: object): () => ValidateFunction<T> {
  let compiled: ValidateFunction<T> | undefined;
  return () => (compiled ??= ajv.compile<T>(schema));
}

/** For maps whose names come from outside: ignores inherited members such as `constructor`. */
export function ownMember<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

/** The place of a value in a document: member names and indexes. */
export type Path = readonly (string | number)[];

/** The part of JSON Schema that is read here. */
export interface Schema {
  title?: string;
  description?: string;
  default?: unknown;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  writeOnly?: boolean;
  properties?: Record<string, Schema>;
  required?: string[] | undefined;
  items?: Schema;
  /** For maps with any names. */
  patternProperties?: Record<string, Schema>;
  propertyNames?: Schema;
  /** A union; the value of the discriminator's member selects the alternative. */
  oneOf?: Schema[];
  discriminator?: { propertyName: string };
}

export interface SchemaProblem {
  /** The member at fault, also if it is unknown or missing. */
  path: Path;
  /** The keyword that the value violates. */
  keyword: string;
  /** For example `a quantity`. */
  expected: string;
  /** For example `expected a quantity, received "much"`. Never shows the value of an unknown or a secret (`writeOnly`) member. */
  reason: string;
}

interface Checked {
  schema: object;
  value: unknown;
  /** The kind of member that the schema describes, for example `a setting`. */
  noun: string;
  /** Whether titles say what is expected; otherwise keywords do. */
  titled?: boolean;
}

/** Describes the errors of a validator, each problem once. */
export function describeSchemaErrors(
  errors: ErrorObject[] | null | undefined,
  checked: Checked,
): SchemaProblem[] {
  // For a wrong name the validator reports two errors: the violated keyword, and `propertyNames`.
  const own = (errors ?? []).filter(
    ({ keyword, propertyName }) => keyword === 'propertyNames' || propertyName === undefined,
  );
  const problems = own.map((error) => describeError(error, checked));
  return [...new Map(problems.map((one) => [JSON.stringify([one.path, one.reason]), one])).values()];
}

function describeError(error: ErrorObject, { schema, value, noun, titled = true }: Checked): SchemaProblem {
  const path = pathOfError(error);
  const { keyword } = error;
  if (keyword === 'additionalProperties') {
    const known = Object.keys(schemaAt(schema, path.slice(0, -1), value)?.properties ?? {});
    const expected = `one of ${known.join(', ') || 'none'}`;
    return { path, keyword, expected, reason: `is not ${noun}; expected ${expected}` };
  }
  const wanted = schemaAt(schema, path, value) ?? {};
  if (keyword === 'propertyNames') return describeName(error, path, wanted);
  const expected = (titled ? wanted.title : undefined) ?? describeKeywords(wanted);
  const received = show(valueAt(value, path), wanted);
  return { path, keyword, expected, reason: `expected ${expected}, received ${received}` };
}

/** A wrong name may hold any character: it is shown as JSON, and the path is that of its map. */
function describeName(
  { keyword, params }: ErrorObject,
  path: Path,
  { propertyNames = {} }: Schema,
): SchemaProblem {
  const { propertyName } = params as Record<string, unknown>;
  const expected = propertyNames.title ?? describeKeywords(propertyNames);
  const reason = `expected as each name ${expected}, received ${show(propertyName, {})}`;
  return { path, keyword, expected, reason };
}

export function pathOfError({ instancePath, params }: ErrorObject): Path {
  const path = instancePath.split('/').slice(1).map(unescape);
  const { missingProperty, additionalProperty, tag } = params as Record<string, string | undefined>;
  const member = missingProperty ?? additionalProperty ?? tag;
  return member === undefined ? path : [...path, member];
}

function unescape(segment: string): string | number {
  const name = segment.replaceAll('~1', '/').replaceAll('~0', '~');
  return /^\d+$/.test(name) ? Number(name) : name;
}

/** `value` is the whole document: it selects the alternatives of unions. */
export function schemaAt(schema: object, path: Path, value?: unknown): Schema | undefined {
  let at: Schema | undefined = schema;
  for (const [index, name] of path.entries()) {
    const inner: Schema | undefined =
      ownMember(at?.properties ?? {}, String(name)) ??
      at?.items ??
      Object.values(at?.patternProperties ?? {})[0];
    at = inner && alternativeOf(inner, valueAt(value, path.slice(0, index + 1)));
  }
  return at;
}

/** The alternative of a union that the value selects; the first one if it selects none. */
export function alternativeOf(schema: Schema, value: unknown): Schema {
  const { oneOf: [first = schema, ...others] = [], discriminator } = schema;
  if (discriminator === undefined) return schema;
  const tag = valueAt(value, [discriminator.propertyName]);
  return others.find(({ properties }) => properties?.[discriminator.propertyName]?.const === tag) ?? first;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, name) => ownMember((inner ?? {}) as Record<string, unknown>, String(name)),
    value,
  );
}

/** For example `an integer from 2012 up to 2015`. */
function describeKeywords(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`;
  const types = [schema.type ?? 'value'].flat().map((type) => typeWords[type] ?? `a ${type}`);
  const bounds = Object.entries(boundWords).flatMap(([keyword, word]) => {
    const bound = (schema as Record<string, unknown>)[keyword];
    if (bound === undefined) return [];
    return [`${word} ${typeof bound === 'string' ? bound : JSON.stringify(bound)}`];
  });
  return [types.join(' or '), ...bounds].join(' ');
}

const typeWords: Record<string, string> = { object: 'a map', array: 'a list', integer: 'an integer' };
const boundWords: Record<string, string> = {
  minimum: 'from',
  exclusiveMinimum: 'above',
  maximum: 'up to',
  exclusiveMaximum: 'below',
  multipleOf: 'in steps of',
  minLength: 'of at least this many characters:',
  maxLength: 'of at most this many characters:',
  pattern: 'that matches',
  format: 'in the format',
};

const shownLength = 100;

function show(value: unknown, { writeOnly }: Schema): string {
  if (value === undefined) return 'nothing';
  if (writeOnly === true) return 'something else (its value is secret)';
  const text = JSON.stringify(value);
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}
