import { messageOf } from '../../errors.ts';
import { ownMember } from '../../schemas/schema-problem.ts';
import { contractRoots, type ContractPath } from '../contract-path.ts';
import { parametersAjv } from '../parameters-ajv.ts';
import { findPlaceholders } from '../placeholders.ts';
import { problemAt, reporter } from '../read/source.ts';
import type { ParametersSchema } from '../template.ts';
import { findParameterProblems, readParameters } from '../validate-parameters.ts';
import { isUnsure, type CheckContext } from './context.ts';

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Variables that the service sets for every worker. */
export const reservedVariables = ['RESULT_DIRECTORY'];

/** Parameters become environment variables: checks their names, schemas and defaults, and the values of assets. */
export function checkParameters(context: CheckContext): void {
  const { template, sources, problems } = context;
  const report = reporter(sources.document, problems);
  const { properties, required } = template.parameters;
  for (const [name, property] of Object.entries(properties)) {
    for (const reason of findPropertyProblems(name, property, context))
      report(['parameters', 'properties', name], reason);
  }
  for (const [index, name] of required.entries()) {
    if (Object.hasOwn(properties, name) || isUnsure(name, context)) continue;
    report(['parameters', 'required'], `${name} is not one of the properties`, [index]);
  }
  const valid = validProperties(context);
  checkAssetParameters(context, valid);
  checkEnvironmentDefaults(context, valid);
  checkEnvFiles(context);
}

/** An env file changes the environment alone, and only variables that the template knows. */
function checkEnvFiles(context: CheckContext): void {
  const { template, sources, problems } = context;
  const report = reporter(sources.document, problems);
  const placed = new Set(findPlaceholders(template.job).map(({ parameter }) => parameter));
  const known = { ...template.environment, ...template.parameters.properties };
  for (const [index, name] of (sources.document.value.envFiles ?? []).entries()) {
    if (name === '*' || isUnsure(name, context)) continue;
    if (!Object.hasOwn(known, name))
      report(['envFiles', index], `${name}: expected a parameter, a variable of job.env, or *`);
    if (placed.has(name))
      report(['envFiles', index], `${name} is a placeholder, and env files change the environment alone`);
  }
}

/** The properties whose schema is right, so that values can be checked. */
function validProperties(context: CheckContext): ParametersSchema {
  const properties = Object.entries(context.template.parameters.properties).filter(
    ([name, property]) => schemaProblem(property) === undefined && !isUnsure(name, context),
  );
  return { type: 'object', properties: Object.fromEntries(properties), required: [] };
}

function findPropertyProblems(
  name: string,
  property: Record<string, unknown>,
  { template }: CheckContext,
): string[] {
  const found = findSourceProblems(property, ownMember(template.fromContract, name));
  if (!variableName.test(name))
    found.push('expected the name of an environment variable (letters, digits and _)');
  // In objects, here and in the validator, this name has a special meaning.
  if (name === '__proto__') return ['expected another name'];
  if (reservedVariables.includes(name)) found.push('is set by the service');
  const broken = schemaProblem(property);
  if (broken !== undefined) return [...found, broken];
  if (!('default' in property)) return found;
  if (property['writeOnly'] === true)
    found.push('is secret (writeOnly) and cannot have a default, since templates are not secret');
  if (Object.hasOwn(template.environment, name)) found.push('has a default here and another in job.env');
  const ofDefault = valueProblems(name, property, property['default']);
  return [...found, ...ofDefault.map((reason) => `its default: ${reason}`)];
}

/** The schema of `template.yaml` checks the root of a path that is text. */
function findSourceProblems({ writeOnly }: Record<string, unknown>, [root]: ContractPath = []): string[] {
  if (root === undefined) return [];
  const found: string[] = [];
  if (!contractRoots.includes(root))
    found.push(
      `from: expected ${contractRoots.join(' or ')} as the first name, received ${JSON.stringify(root)}`,
    );
  if (writeOnly === true)
    found.push('is secret (writeOnly) and cannot have from: connectors store and show metadata and claims');
  return found;
}

function schemaProblem(property: Record<string, unknown>): string | undefined {
  try {
    parametersAjv.compile({ ...property });
    return undefined;
  } catch (error) {
    return `is not a JSON Schema: ${messageOf(error)}`;
  }
}

/** Without conversion: values in YAML have types. */
function valueProblems(name: string, property: Record<string, unknown>, value: unknown): string[] {
  const schema: ParametersSchema = { type: 'object', properties: { [name]: property }, required: [] };
  return findParameterProblems(schema, { [name]: value }).map(({ reason }) => reason);
}

function checkAssetParameters(context: CheckContext, valid: ParametersSchema): void {
  const { template, sources, problems } = context;
  for (const [index, { parameters }] of template.assets.entries()) {
    const given = Object.entries(parameters).filter(
      ([name]) => Object.hasOwn(valid.properties, name) || !isKnown(name, context),
    );
    const values = readParameters(valid, Object.fromEntries(given));
    for (const { parameter, reason } of findParameterProblems(valid, values)) {
      problems.push(problemAt(sources.document, ['assets', index, 'parameters', parameter], reason));
    }
  }
}

function isKnown(name: string, context: CheckContext): boolean {
  return Object.hasOwn(context.template.parameters.properties, name) || isUnsure(name, context);
}

function checkEnvironmentDefaults(
  { template, sources, problems }: CheckContext,
  valid: ParametersSchema,
): void {
  const given = Object.entries(template.environment).filter(([name]) =>
    Object.hasOwn(valid.properties, name),
  );
  const values = readParameters(valid, Object.fromEntries(given));
  for (const { parameter, reason } of findParameterProblems(valid, values)) {
    problems.push(problemAt(sources.environment, [parameter], reason));
  }
  for (const name of reservedVariables.filter((one) => Object.hasOwn(template.environment, one))) {
    reporter(sources.environment, problems)([name], 'is set by the service');
  }
}
