import type { ValidateFunction } from 'ajv';
import { ServiceError } from '../errors.ts';
import { ownMember, describeSchemaErrors } from '../schemas/schema-problem.ts';
import { parametersAjv } from './parameters-ajv.ts';
import type { ParametersSchema } from './template.ts';

export interface ParameterProblem {
  parameter: string;
  /** For example `an integer from 1`. */
  expected: string;
  /** Names the parameter, the expected and the received value; never a secret one. */
  reason: string;
}

type Values = Readonly<Record<string, unknown>>;

/** How a problem is reported to the sender of the request. */
export type DescribeProblem = (problem: ParameterProblem) => { message: string; field: string };

export function describeParameter({ parameter, reason }: ParameterProblem): ReturnType<DescribeProblem> {
  return { message: reason, field: parameter };
}

/** Returns values of the schema's types. Throws one `invalid-parameters` with each parameter's expected and received value. */
export function validateParameters(
  schema: ParametersSchema,
  given: Values,
  describe: DescribeProblem,
): Record<string, unknown> {
  const values = readParameters(schema, given);
  refuseParameters(findParameterProblems(schema, values), describe);
  return values;
}

/** Throws one `invalid-parameters` if there are problems. */
export function refuseParameters(problems: readonly ParameterProblem[], describe: DescribeProblem): void {
  const [first, ...others] = problems.map(describe);
  if (first === undefined) return;
  const message = [first, ...others].map((one) => one.message).join('; ');
  const found = [first, ...others].map((one) => ({ path: ['parameters', one.field], detail: one.message }));
  throw new ServiceError('invalid-parameters', message, { field: first.field, problems: found });
}

/** Query strings, env files and command lines hold only text: literals of the expected type are converted. */
export function readParameters(schema: ParametersSchema, given: Values): Record<string, unknown> {
  const entries = Object.entries(given).map(([name, value]) => [
    name,
    readLiteral(ownMember(schema.properties, name), value),
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

export function findParameterProblems(schema: ParametersSchema, values: Values): ParameterProblem[] {
  return findProblems(schema, values).map(({ parameter, expected, reason }) => ({
    parameter,
    expected,
    reason: `parameter ${parameter}: ${reason}`,
  }));
}

function findProblems(schema: ParametersSchema, values: Values): ParameterProblem[] {
  const tooLong = findTooLong(schema, values);
  if (tooLong.length > 0) return tooLong;
  const validate = validatorOf(schema);
  if (validate(values)) return findUnwritable(values);
  const checked = { schema, value: values, noun: 'a parameter of this template', titled: false };
  const problems = describeSchemaErrors(validate.errors, checked);
  return problems.map(({ path, expected, reason }) => ({
    parameter: String(path[0] ?? ''),
    expected,
    reason,
  }));
}

const hidden = new WeakMap<ParametersSchema, ParametersSchema>();

/** The same schema, whose problems never show a received value. */
export function withoutValues(schema: ParametersSchema): ParametersSchema {
  return derived(hidden, schema, ({ properties, ...rest }) => ({
    ...rest,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, { ...property, writeOnly: true }]),
    ),
  }));
}

const partial = new WeakMap<ParametersSchema, ParametersSchema>();

/** The same schema for some of its parameters. */
export function withoutRequired(schema: ParametersSchema): ParametersSchema {
  return derived(partial, schema, (one) => ({ ...one, required: [] }));
}

/** The same object each time, since each schema is compiled once and stays in memory. */
function derived(
  known: WeakMap<ParametersSchema, ParametersSchema>,
  schema: ParametersSchema,
  derive: (schema: ParametersSchema) => ParametersSchema,
): ParametersSchema {
  const made = known.get(schema) ?? derive(schema);
  known.set(schema, made);
  return made;
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

/** Longest value that is matched against a pattern, since the time of a match grows with it. */
const matchedLimit = 4096;

/** Runs first, so that longer values are never matched. */
function findTooLong({ properties }: ParametersSchema, values: Values): ParameterProblem[] {
  return Object.entries(values).flatMap(([parameter, value]) => {
    const { pattern, format } = ownMember(properties, parameter) ?? {};
    if (pattern === undefined && format === undefined) return [];
    if (typeof value !== 'string' || value.length <= matchedLimit) return [];
    const expected = `at most ${matchedLimit} characters, since it has a pattern or a format`;
    return [{ parameter, expected, reason: `expected ${expected}, received ${value.length} characters` }];
  });
}

/** An environment cannot hold a NUL character. */
function findUnwritable(values: Values): ParameterProblem[] {
  const expected = 'text without NUL characters';
  return Object.entries(values)
    .filter(([, value]) => typeof value === 'string' && value.includes('\0'))
    .map(([parameter]) => ({ parameter, expected, reason: `expected ${expected}` }));
}
