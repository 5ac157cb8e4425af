import type { ResultChoice } from '../flow/flow-plan.ts';
import type { Job } from '../kubernetes/types.ts';
import { readDuration } from './duration.ts';
import type { TemplateFolder } from './read/read-folder.ts';
import type { TemplateDocument } from './template-schema.ts';
import type { TemplateSettings } from './template-settings.ts';
import type { Template } from './template.ts';

const defaultDirectory = '/results';
const defaultFilesMountPath = '/opt/template';
const defaultSize = '1Gi';

interface TemplateParts {
  folder: TemplateFolder;
  document: TemplateDocument;
  job: Job;
  environment: Record<string, string>;
}

/** Puts in what `template.yaml` leaves out. */
export function completeTemplate(
  { folder, document, job, environment }: TemplateParts,
  { pods }: TemplateSettings,
): Template {
  const { name, directory, digest, files } = folder;
  return {
    name,
    directory,
    digest,
    description: document.description,
    assets: (document.assets ?? [])
      .map((asset) => asset as { id: string; parameters?: Record<string, unknown> })
      .map(({ id, parameters = {} }) => ({ id, parameters })),
    parameters: {
      type: 'object',
      properties: document.parameters?.properties ?? {},
      required: document.parameters?.required ?? [],
    },
    job,
    environment,
    files,
    filesMountPath: withoutFinalSlash(document.files?.mountPath ?? defaultFilesMountPath),
    results: completeResults(document.results ?? {}),
    address: document.dataAddress ?? 'service',
    limits: completeLimits(document.limits ?? {}, pods.limits),
    retention: document.retention === undefined ? pods.retentionSeconds : readDuration(document.retention),
    security: { runAsUser: document.security?.runAsUser ?? pods.runAsUser },
    egress: document.egress ?? 'store',
    gpu: Number(document.gpu ?? 0),
    pullSecrets: document.pullSecrets ?? [],
  };
}

function completeResults(given: NonNullable<TemplateDocument['results']>): Template['results'] {
  const {
    directory = defaultDirectory,
    required = [],
    contentType,
    storage,
    releaseAfterUpload = false,
  } = given;
  const choice = chooseResult(given);
  const storageClass = storage?.storageClass;
  return {
    directory: withoutFinalSlash(directory),
    choice,
    archive: choice.kind === 'file' ? 'zip' : choice.archive,
    // The file that is handed out has to be there, whoever forgets to say so.
    required: [...new Set([...(required as string[]), ...(choice.kind === 'file' ? [choice.path] : [])])],
    ...(contentType === undefined ? {} : { contentType }),
    storage: { size: storage?.size ?? defaultSize, ...(storageClass === undefined ? {} : { storageClass }) },
    releaseAfterUpload,
  };
}

function chooseResult({ file, archive, auto }: NonNullable<TemplateDocument['results']>): ResultChoice {
  if (file !== undefined) return { kind: 'file', path: file };
  if (archive !== undefined) return { kind: 'archive', archive };
  return { kind: 'auto', archive: auto ?? 'zip' };
}

function completeLimits(
  given: NonNullable<TemplateDocument['limits']>,
  { pending, run, upload, stopGrace }: TemplateSettings['pods']['limits'],
): Template['limits'] {
  return {
    pending: given.pending === undefined ? pending : readDuration(given.pending),
    run: given.run === undefined ? run : readDuration(given.run),
    upload: given.upload === undefined ? upload : readDuration(given.upload),
    stopGrace: given.stopGrace === undefined ? stopGrace : readDuration(given.stopGrace),
  };
}

function withoutFinalSlash(path: string): string {
  return path.replace(/\/+$/, '') || '/';
}
