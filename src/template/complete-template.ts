import { trimSlashes } from '../addresses.ts';
import type { ResultChoice } from '../flow/flow-plan.ts';
import type { Job } from '../kubernetes/types.ts';
import { readQuantity } from './read/read-quantity.ts';
import { readContractPath } from './contract-path.ts';
import { findPlaceholders } from './placeholders.ts';
import type { TemplateFolder } from './read/read-folder.ts';
import type { TemplateDocument } from './template-schema.ts';
import type { TemplateSettings, Template } from './template.ts';

const defaultDirectory = '/results';
const defaultFilesMountPath = '/opt/template';
const defaultSize = '1Gi';

interface TemplateParts {
  folder: TemplateFolder;
  document: TemplateDocument;
  job: Job;
  environment: Record<string, string>;
}

/** Adds the defaults of members that `template.yaml` leaves out. */
export function completeTemplate(parts: TemplateParts, settings: TemplateSettings): Template {
  const { folder, document, job, environment } = parts;
  const { name, directory, digest, files } = folder;
  const parameters = completeParameters(document.parameters);
  return {
    name,
    directory,
    digest,
    description: document.description,
    assets: completeAssets(document),
    ...parameters,
    inputs: completeInputs(document.inputs ?? {}),
    job,
    environment,
    envFiles: completeEnvFiles(document, { ...parameters, job, environment }),
    files,
    filesMountPath: trimSlashes(document.files?.mountPath ?? defaultFilesMountPath) || '/',
    results: completeResults(document.results ?? {}),
    ...completeRun(document, settings),
  };
}

type AssetDocuments = { id: string; parameters?: Record<string, unknown> }[];

function completeAssets({ assets = [] }: TemplateDocument): Template['assets'] {
  return (assets as AssetDocuments).map(({ id, parameters = {} }) => ({ id, parameters }));
}

/** `*` is every variable, without those that an env file can never set. */
function completeEnvFiles(
  { envFiles = [] }: TemplateDocument,
  { parameters, job, environment }: Pick<Template, 'parameters' | 'job' | 'environment'>,
): string[] {
  if (!envFiles.includes('*')) return [...new Set(envFiles)];
  const placed = new Set(findPlaceholders(job).map(({ parameter }) => parameter));
  const known = [...Object.keys(parameters.properties), ...Object.keys(environment)];
  return [...new Set(known)].filter((name) => !placed.has(name));
}

/** `from` is not a keyword of JSON Schema: it is taken out of the schemas. */
function completeParameters({
  properties = {},
  required = [],
}: Partial<NonNullable<TemplateDocument['parameters']>> = {}): Pick<Template, 'parameters' | 'fromContract'> {
  const members = Object.entries(properties).map(([name, { from, ...schema }]) => ({ name, from, schema }));
  const taken = members.flatMap(({ name, from }) =>
    from === undefined ? [] : [[name, readContractPath(from)] as const],
  );
  return {
    parameters: {
      type: 'object',
      properties: Object.fromEntries(members.map(({ name, schema }) => [name, schema])),
      required,
    },
    fromContract: Object.fromEntries(taken),
  };
}

function completeInputs(inputs: NonNullable<TemplateDocument['inputs']>): Template['inputs'] {
  return Object.entries(inputs).map(([name, input]) => ({
    name,
    description: input.description,
    required: input.required !== false,
    mediaTypes: (input.mediaTypes ?? []) as string[],
    maxBytes: readQuantity(input.maxSize ?? defaultSize),
    file: input.file ?? name,
  }));
}

type RunMembers =
  'address' | 'start' | 'limits' | 'retention' | 'security' | 'egress' | 'gpu' | 'pullSecrets';

function completeRun(document: TemplateDocument, { pods }: TemplateSettings): Pick<Template, RunMembers> {
  const { retention, dataAddress = 'service', start = 'when-ready' } = document;
  const { egress = 'store', gpu = 0, pullSecrets = [] } = document;
  return {
    address: dataAddress,
    start,
    limits: completeLimits(document.limits ?? {}, pods.limits),
    retention: retention === undefined ? pods.retentionSeconds : readDuration(retention),
    security: { runAsUser: document.security?.runAsUser ?? pods.runAsUser },
    egress,
    gpu: Number(gpu),
    pullSecrets,
  };
}

function completeResults(given: NonNullable<TemplateDocument['results']>): Template['results'] {
  const { directory = defaultDirectory, contentType, storage = {}, required = [] } = given;
  const { size = defaultSize, storageClass } = storage;
  const choice = chooseResult(given);
  // The file that is handed out is always required.
  const handedOut = choice.kind === 'file' ? [choice.path] : [];
  return {
    directory: trimSlashes(directory) || '/',
    choice,
    archive: choice.kind === 'file' ? 'zip' : choice.archive,
    required: [...new Set([...(required as string[]), ...handedOut])],
    ...(contentType === undefined ? {} : { contentType }),
    storage: { size, ...(storageClass === undefined ? {} : { storageClass }) },
    releaseAfterUpload: given.releaseAfterUpload === true,
    allowEmpty: given.allowEmpty === true,
  };
}

function chooseResult({ file, archive, auto }: NonNullable<TemplateDocument['results']>): ResultChoice {
  if (file !== undefined) return { kind: 'file', path: file };
  if (archive !== undefined) return { kind: 'archive', archive };
  return { kind: 'auto', archive: auto ?? 'zip' };
}

function completeLimits(
  given: NonNullable<TemplateDocument['limits']>,
  defaults: TemplateSettings['pods']['limits'],
): Template['limits'] {
  function limit(name: 'pending' | 'run' | 'upload' | 'stopGrace'): number {
    const duration = given[name];
    return duration === undefined ? defaults[name] : readDuration(duration);
  }
  const upload = limit('upload');
  const stopGrace = limit('stopGrace');
  return {
    pending: limit('pending'),
    run: limit('run'),
    upload,
    // stopGrace shortens the grace period: a default must not be longer than it.
    stopGrace: given.stopGrace === undefined ? Math.min(stopGrace, upload) : stopGrace,
  };
}

const seconds: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** Reads `1h30m`, `90s` or a number as whole seconds. The schema has checked the format. */
function readDuration(value: string | number): number {
  if (typeof value === 'number') return Math.ceil(value);
  const parts = value.matchAll(/(\d+)([dhms])/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (seconds[unit ?? ''] ?? 0), 0);
}
