import { hash } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { Job } from '../kubernetes/types.ts';
import { assetParameters } from './choose-template.ts';
import { findJobShapeProblems } from './job/job-shape.ts';
import { findPlaceholders, replacePlaceholders } from './placeholders.ts';
import { pathName } from './read/source.ts';
import type { ParametersSchema, RenderedTemplate, Template } from './template.ts';
import { validateParameters } from './validate-parameters.ts';

export interface RenderRequest {
  assetId: string;
  /** Parameters of the request, which win over the asset's. */
  parameters: Readonly<Record<string, unknown>>;
  /** An env file of the asset. Variables with the name of a parameter are its value; others are passed on. */
  environment?: Readonly<Record<string, string>>;
}

/** A ConfigMap holds at most 1 MiB, including names. */
const environmentLimitBytes = 1_000_000;

/**
 * Replaces the parameters of a template: `job.env` and defaults, then the asset's, then the request's. Throws `invalid-parameters` that names
 * each wrong parameter.
 */
export function renderTemplate(template: Template, request: RenderRequest): RenderedTemplate {
  const { properties } = template.parameters;
  const assetEnvironment = split(request.environment ?? {}, properties);
  const ownEnvironment = split(template.environment, properties);
  const parameters = validateParameters(template.parameters, {
    ...defaultsOf(template.parameters),
    ...ownEnvironment.parameters,
    ...assetParameters(template, request.assetId),
    ...assetEnvironment.parameters,
    ...request.parameters,
  });
  const values = Object.entries(parameters);
  const secret = values.filter(([name]) => properties[name]?.['writeOnly'] === true);
  const open = values.filter(([name]) => properties[name]?.['writeOnly'] !== true);
  return {
    template,
    job: renderJob(template, new Map(open)),
    environment: checkSize({ ...ownEnvironment.others, ...assetEnvironment.others, ...toText(open) }),
    secretEnvironment: checkSize(toText(secret)),
    digest: digestOf(template, request.assetId),
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
function renderJob(template: Template, values: ReadonlyMap<string, unknown>): Job {
  const job = replacePlaceholders(template.job, values) as Job;
  const [problem] = findJobShapeProblems(job);
  if (problem === undefined) return job;
  const at = pathName(problem.path);
  const placeholder = findPlaceholders(template.job).find(({ path }) => at.startsWith(path.join('.')));
  throw new ServiceError(
    'invalid-parameters',
    `parameter ${placeholder?.parameter ?? '?'}: does not fit its place in the Job: ${at}: ${problem.reason}`,
    { field: placeholder?.parameter },
  );
}

function toText(values: [string, unknown][]): Record<string, string> {
  return Object.fromEntries(values.map(([name, value]) => [name, String(value)]));
}

function checkSize(environment: Record<string, string>): Record<string, string> {
  const bytes = Object.entries(environment).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
  if (bytes <= environmentLimitBytes) return environment;
  throw new ServiceError(
    'invalid-parameters',
    `the environment: expected at most ${environmentLimitBytes} bytes of names and values, received ${bytes}`,
  );
}
