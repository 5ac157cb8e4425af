import type { ErrorObject, ValidateFunction } from 'ajv';
import { ServiceError } from '../errors.ts';
import { ownMember } from './own-member.ts';
import { parametersAjv } from './parameters-ajv.ts';
import type { ParametersSchema } from './template.ts';

export interface ParameterProblem {
  parameter: string;
  /** Names parameter, expected and received; never a secret's value. */
  reason: string;
}

/** Values of the schema's types. Throws one `invalid-parameters` that names each parameter, what was expected and what received. */
export function validateParameters(
  schema: ParametersSchema,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values = readParameters(schema, given);
  const [first, ...others] = findParameterProblems(schema, values);
  if (first === undefined) return values;
  const message = [first, ...others].map(({ reason }) => reason).join('; ');
  throw new ServiceError('invalid-parameters', message, { field: first.parameter });
}

/** Query strings, env files and command lines know only text: text that is one of the wanted type's literals becomes it. */
export function readParameters(
  schema: ParametersSchema,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries(given).map(([name, value]) => [
    name,
    readLiteral(ownMember(schema.properties, name), value),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

export function findParameterProblems(
  schema: ParametersSchema,
  values: Readonly<Record<string, unknown>>,
): ParameterProblem[] {
  const tooLong = findTooLong(schema, values);
  if (tooLong.length > 0) return tooLong;
  const validate = validatorOf(schema);
  if (validate(values)) return findUnwritable(values);
  const found = (validate.errors ?? []).map((error) => describe(error, schema, values));
  return [...new Map(found.map((problem) => [problem.reason, problem])).values()];
}

const validators = new WeakMap<ParametersSchema, ValidateFunction>();

function validatorOf(schema: ParametersSchema): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validate = parametersAjv.compile({ ...schema, additionalProperties: false });
  validators.set(schema, validate);
  return validate;
}

function readLiteral(property: Record<string, unknown> | undefined, value: unknown): unknown {
  if (typeof value !== 'string' || property === undefined) return value;
  switch (property['type']) {
    case 'integer':
      return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
    case 'number':
      return /^-?\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,3})?$/i.test(value) ? Number(value) : value;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value;
    default:
      return value;
  }
}

/** Of a value that is matched: the time that a match takes grows with it. */
const matchedLimit = 4096;

/** Looked at first, so that nothing longer is ever matched. */
function findTooLong(
  { properties }: ParametersSchema,
  values: Readonly<Record<string, unknown>>,
): ParameterProblem[] {
  return Object.entries(values).flatMap(([parameter, value]) => {
    const { pattern, format } = ownMember(properties, parameter) ?? {};
    if (pattern === undefined && format === undefined) return [];
    if (typeof value !== 'string' || value.length <= matchedLimit) return [];
    const limit = `at most ${matchedLimit} characters, since it has a pattern or a format`;
    return [
      { parameter, reason: `parameter ${parameter}: expected ${limit}, received ${value.length} characters` },
    ];
  });
}

/** No environment can hold a NUL. */
function findUnwritable(values: Readonly<Record<string, unknown>>): ParameterProblem[] {
  return Object.entries(values)
    .filter(([, value]) => typeof value === 'string' && value.includes('\0'))
    .map(([parameter]) => ({
      parameter,
      reason: `parameter ${parameter}: expected text without NUL characters`,
    }));
}

function describe(
  error: ErrorObject,
  schema: ParametersSchema,
  values: Readonly<Record<string, unknown>>,
): ParameterProblem {
  const params = error.params as { missingProperty?: string; additionalProperty?: string };
  if (params.additionalProperty !== undefined) {
    const names = Object.keys(schema.properties);
    const known = names.length === 0 ? 'none' : names.join(', ');
    return {
      parameter: params.additionalProperty,
      reason: `parameter ${params.additionalProperty}: is not a parameter of this template; expected one of ${known}`,
    };
  }
  const parameter = params.missingProperty ?? error.instancePath.slice(1);
  const property = ownMember(schema.properties, parameter) ?? {};
  const received = describeReceived(property, ownMember(values, parameter));
  return {
    parameter,
    reason: `parameter ${parameter}: expected ${describeExpected(property)}, received ${received}`,
  };
}

function describeReceived(property: Record<string, unknown>, value: unknown): string {
  if (value === undefined) return 'nothing';
  if (property['writeOnly'] === true) return 'something else (its value is secret)';
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** In words, from the schema: `an integer from 2012 to 2015`. */
function describeExpected(property: Record<string, unknown>): string {
  if (Array.isArray(property['enum'])) {
    return `one of ${property['enum'].map((value) => JSON.stringify(value)).join(', ')}`;
  }
  const type = show(property['type'] ?? 'value');
  const bounds = Object.entries(boundWords).flatMap(([keyword, word]) =>
    property[keyword] === undefined ? [] : [`${word} ${show(property[keyword])}`],
  );
  return [/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`, ...bounds].join(' ');
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

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
