import { hash } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { Job } from '../kubernetes/types.ts';
import { assetParameters } from './choose-template.ts';
import { takeFromContract } from './contract-parameters.ts';
import type { Contract } from './contract-path.ts';
import { findJobShapeProblems } from './job/job-shape.ts';
import { findPlaceholders, replacePlaceholders } from './placeholders.ts';
import { pathName } from './read/source.ts';
import type { ParametersSchema, RenderedTemplate, ResolvedInput, Template } from './template.ts';
import {
  refuseParameters,
  validateParameters,
  withoutValues,
  type DescribeProblem,
} from './validate-parameters.ts';

export interface RenderRequest {
  assetId: string;
  /** Parameters of the request, which win over the asset's. */
  parameters: Readonly<Record<string, unknown>>;
  /**
   * The env file of the asset, with the consumer's own on top. Variables with the name of a parameter are its value; others are passed on.
   */
  environment?: Readonly<Record<string, string>>;
  /** The same of secret env files: their values are in no error. */
  secretEnvironment?: Readonly<Record<string, string>>;
  /** The source of parameters with `from`. Absent if the dialect carries none. */
  contract?: Contract | undefined;
  /** Default: none. */
  inputs?: readonly ResolvedInput[];
}

/** A ConfigMap holds at most 1 MiB, including names. */
export const environmentLimitBytes = 1_000_000;

/**
 * Replaces the parameters of a template: `job.env` and defaults, then the contract's, then the asset's, then the request's; later ones win.
 * The provider sets the asset's, so that nobody who writes metadata or claims can replace them. Throws `invalid-parameters` that names each
 * wrong parameter, or the input that is missing.
 */
export function renderTemplate(template: Template, request: RenderRequest): RenderedTemplate {
  const { properties } = template.parameters;
  const { environment = {}, secretEnvironment = {} } = request;
  const assetEnvironment = split({ ...environment, ...secretEnvironment }, properties);
  const ownEnvironment = split(template.environment, properties);
  const fixed = {
    ...assetParameters(template, request.assetId),
    ...assetEnvironment.parameters,
    ...request.parameters,
  };
  const { values: given, describe } = takeFromContract(template, { contract: request.contract, fixed });
  const parameters = validateParameters(
    Object.keys(secretEnvironment).length > 0 ? withoutValues(template.parameters) : template.parameters,
    { ...defaultsOf(template.parameters), ...ownEnvironment.parameters, ...given, ...fixed },
    describe,
  );
  function isSecret([name]: [string, unknown]): boolean {
    return properties[name]?.['writeOnly'] === true || Object.hasOwn(secretEnvironment, name);
  }
  const values = Object.entries(parameters);
  const others = Object.entries({ ...ownEnvironment.others, ...assetEnvironment.others });
  const all = [...others, ...values];
  const open = values.filter((one) => !isSecret(one));
  return {
    template,
    job: renderJob(template, new Map(open), describe),
    environment: checkSize(toText(all.filter((one) => !isSecret(one)))),
    secretEnvironment: checkSize(toText(all.filter(isSecret))),
    given: { ...given, ...request.parameters },
    digest: digestOf(template, request.assetId),
    ...renderInputs(template, request.inputs ?? []),
  };
}

/** Throws `invalid-parameters` if a required input is missing. */
function renderInputs(
  { inputs, name }: Template,
  given: readonly ResolvedInput[],
): Pick<RenderedTemplate, 'inputs' | 'inputUrls'> {
  const missing = inputs.find((one) => one.required && !given.some(({ input }) => input.name === one.name));
  if (missing !== undefined) {
    const field = `inputs.${missing.name}`;
    const message = `${field}: expected a file (${missing.description}), received nothing; template ${name} requires it`;
    throw new ServiceError('invalid-parameters', message, {
      field,
      problems: [{ path: ['inputs', missing.name], detail: message }],
    });
  }
  return {
    inputs: given.map(({ input }) => input),
    inputUrls: Object.fromEntries(
      given.flatMap(({ input, url }) => (url === undefined ? [] : [[input.name, url] as const])),
    ),
  };
}

function digestOf({ name, digest }: Template, assetId: string): string {
  return hash('sha256', JSON.stringify([name, digest, assetId]), 'hex');
}

export function defaultsOf({ properties }: ParametersSchema): Record<string, unknown> {
  const withDefault = Object.entries(properties).filter(([, property]) => 'default' in property);
  return Object.fromEntries(withDefault.map(([name, property]) => [name, property['default']]));
}

function split(
  environment: Readonly<Record<string, string>>,
  properties: ParametersSchema['properties'],
): { parameters: Record<string, string>; others: Record<string, string> } {
  const entries = Object.entries(environment);
  return {
    parameters: Object.fromEntries(entries.filter(([name]) => Object.hasOwn(properties, name))),
    others: Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(properties, name))),
  };
}

/** A value may fit its parameter's schema but not its place in the Job: `cpu: lots`. */
function renderJob(template: Template, values: ReadonlyMap<string, unknown>, describe: DescribeProblem): Job {
  const job = replacePlaceholders(template.job, values) as Job;
  const [problem] = findJobShapeProblems(job);
  if (problem !== undefined) {
    const at = pathName(problem.path);
    const { parameter } = findPlaceholders(template.job).find(({ path }) =>
      at.startsWith(path.join('.')),
    ) ?? {
      parameter: '?',
    };
    const reason = `parameter ${parameter}: does not fit its place in the Job: ${at}: ${problem.reason}`;
    refuseParameters([{ parameter, expected: 'a value that fits its place in the Job', reason }], describe);
  }
  return job;
}

function toText(values: [string, unknown][]): Record<string, string> {
  return Object.fromEntries(values.map(([name, value]) => [name, String(value)]));
}

function checkSize(environment: Record<string, string>): Record<string, string> {
  const bytes = sizeOfEntries(environment);
  if (bytes <= environmentLimitBytes) return environment;
  throw new ServiceError(
    'invalid-parameters',
    `the environment: expected at most ${environmentLimitBytes} bytes of names and values, received ${bytes}`,
  );
}

/** Bytes of names and values, as Kubernetes counts those of a ConfigMap and of annotations. */
export function sizeOfEntries(entries: Readonly<Record<string, string>>): number {
  return Object.entries(entries).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}
