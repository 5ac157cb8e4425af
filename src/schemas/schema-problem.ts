import type { ErrorObject } from 'ajv';
import { ownMember } from './own-member.ts';

/** Where a value stands in a document: member names and indexes. */
export type Path = readonly (string | number)[];

/** JSON Schema, as far as it is read here. */
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
  items?: Schema;
  /** Of maps with any names. */
  patternProperties?: Record<string, Schema>;
  propertyNames?: Schema;
  /** A union; the value of this member chooses the alternative. */
  oneOf?: Schema[];
  discriminator?: { propertyName: string };
}

export interface SchemaProblem {
  /** Of the member at fault; of an unknown or missing one its own. */
  path: Path;
  /** That the value does not fit. */
  keyword: string;
  /** `a quantity` */
  expected: string;
  /** `expected a quantity, received "much"`; never the value of an unknown or a secret (`writeOnly`) member. */
  reason: string;
}

interface Checked {
  schema: object;
  value: unknown;
  /** What a member that the schema does not have is not: `a setting`. */
  noun: string;
  /** Whether titles say what is expected; else keywords do. */
  titled?: boolean;
}

/** What a validator found, each problem once. */
export function describeSchemaErrors(
  errors: ErrorObject[] | null | undefined,
  checked: Checked,
): SchemaProblem[] {
  // Of a name that does not fit, the validator reports both why, and that it is a name.
  const own = (errors ?? []).filter(
    ({ keyword, propertyName }) => isOfName(keyword) || propertyName === undefined,
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
  if (isOfName(keyword)) return describeName(error, path, wanted);
  const expected = (titled ? wanted.title : undefined) ?? describeKeywords(wanted);
  const received = show(valueAt(value, path), wanted);
  return { path, keyword, expected, reason: `expected ${expected}, received ${received}` };
}

function isOfName(keyword: string): boolean {
  return keyword === 'propertyNames';
}

/** Shown as JSON, since it may hold anything, and at the path of its map for the same reason. */
function describeName(
  { keyword, params }: ErrorObject,
  path: Path,
  { propertyNames = {} }: Schema,
): SchemaProblem {
  const { propertyName } = params as Record<string, unknown>;
  const expected = propertyNames.title ?? describeKeywords(propertyNames);
  return {
    path,
    keyword,
    expected,
    reason: `expected as each name ${expected}, received ${show(propertyName, {})}`,
  };
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

/** `value`: the whole document, by which alternatives are chosen. */
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

/** Of a union the schema that this value is checked by; the first one where it does not say. */
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

/** In words: `an integer from 2012 up to 2015`. */
function describeKeywords(schema: Schema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`;
  const types = [schema.type ?? 'value'].flat().map((type) => typeWords[type] ?? withArticle(type));
  const bounds = Object.entries(boundWords).flatMap(([keyword, word]) => {
    const bound = (schema as Record<string, unknown>)[keyword];
    return bound === undefined
      ? []
      : [`${word} ${typeof bound === 'string' ? bound : JSON.stringify(bound)}`];
  });
  return [types.join(' or '), ...bounds].join(' ');
}

function withArticle(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

const typeWords: Record<string, string> = { object: 'a map', array: 'a list' };
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
