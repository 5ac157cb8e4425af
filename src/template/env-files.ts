import { hash } from 'node:crypto';
import { ServiceError } from '../errors.ts';
import type { EnvFilesInUse, EnvFileVersion } from '../flow/flow-plan.ts';
import { ownMember } from '../schemas/schema-problem.ts';
import { assetParameters } from './choose-template.ts';
import { renderTemplate, type RenderRequest } from './render-template.ts';
import type { RenderedTemplate, Template } from './template.ts';
import {
  findParameterProblems,
  readParameters,
  withoutRequired,
  withoutValues,
} from './validate-parameters.ts';

/** The variables of an env file, and what decides which ones it may have. */
export interface EnvFileContent {
  owner: keyof EnvFilesInUse;
  secret: boolean;
  values: Readonly<Record<string, string>>;
}

export type EnvFile = EnvFileContent & EnvFileVersion;

interface EnvFileProblem {
  name: string;
  /** Names the variable and the expectation; shows no value of a secret file. */
  reason: string;
}

/** Why a template cannot take these variables for this asset. */
export function findEnvFileProblems(
  template: Template,
  { assetId, ...file }: EnvFileContent & { assetId: string },
): EnvFileProblem[] {
  const fixed = Object.keys(assetParameters(template, assetId));
  const names = Object.keys(file.values);
  const misplaced = names.flatMap((name) => {
    const reason = findMisplaced(template, { name, fixed, file });
    if (reason === undefined) return [];
    // A line of a secret value that is not quoted may look like a name.
    const isShown = !file.secret || template.envFiles.includes(name);
    return [{ name, reason: isShown ? `${name}: ${reason}` : reason }];
  });
  const wrong = misplaced.map(({ name }) => name);
  const { properties } = template.parameters;
  const given = Object.entries(file.values).filter(
    ([name]) => Object.hasOwn(properties, name) && !wrong.includes(name),
  );
  const some = withoutRequired(template.parameters);
  const schema = file.secret ? withoutValues(some) : some;
  const values = readParameters(schema, Object.fromEntries(given));
  const invalid = findParameterProblems(schema, values);
  return [...misplaced, ...invalid.map(({ parameter: name, reason }) => ({ name, reason }))];
}

/** A consumer's file must not replace what its provider has fixed, or taken from the contract. */
function findMisplaced(
  { envFiles, fromContract, parameters }: Template,
  { name, fixed, file }: { name: string; fixed: readonly string[]; file: EnvFileContent },
): string | undefined {
  if (!envFiles.includes(name)) return `expected one of ${envFiles.join(', ')}`;
  if (file.owner === 'consumer') {
    if (fixed.includes(name)) return 'is fixed by the template for this asset';
    if (Object.hasOwn(fromContract, name)) return 'comes from the contract';
  }
  if (!file.secret && ownMember(parameters.properties, name)?.['writeOnly'] === true)
    return 'is secret: expected a file that is marked as secret';
  return file.values[name]?.includes('\0') === true ? 'expected text without NUL characters' : undefined;
}

/**
 * Renders with the env file of the asset, and the consumer's own on top. Throws `invalid-parameters` for a file that the template, which may
 * have changed since the file was stored, does not take.
 */
export function renderWithEnvFiles(
  template: Template,
  request: RenderRequest,
  files: readonly EnvFile[],
): RenderedTemplate {
  if (files.length === 0) return renderTemplate(template, request);
  for (const file of files) refuse(file, findEnvFileProblems(template, { ...file, ...request }));
  const layers = [...files, { values: request.environment ?? {}, secret: false }];
  const merged = new Map(
    layers.flatMap(({ values, secret }) =>
      Object.entries(values).map(([name, value]) => [name, { value, secret }] as const),
    ),
  );
  function only(secret: boolean): Record<string, string> {
    const some = [...merged].filter(([, one]) => one.secret === secret);
    return Object.fromEntries(some.map(([name, { value }]) => [name, value]));
  }
  const rendered = renderTemplate(template, {
    ...request,
    environment: only(false),
    secretEnvironment: only(true),
  });
  return {
    ...rendered,
    digest: hash('sha256', JSON.stringify([rendered.digest, files.map(({ digest }) => digest)])),
    envFiles: Object.fromEntries(files.map(({ owner, version, digest }) => [owner, { version, digest }])),
  };
}

function refuse({ owner, version }: EnvFile, problems: readonly EnvFileProblem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const reasons = problems.map(({ reason }) => reason).join('; ');
  throw new ServiceError('invalid-parameters', `version ${version} of the ${owner}’s env file: ${reasons}`, {
    field: first.name,
  });
}
