import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { compileAtFirstUse, describeSchemaErrors } from '../schemas/schema-problem.ts';
import type { Job } from '../kubernetes/types.ts';
import { checkTemplate } from './check/check-template.ts';
import { completeTemplate } from './complete-template.ts';
import { readDotenv } from './read/read-dotenv.ts';
import { givenFolder, readFolder, type TemplateFolder, type TemplateLocation } from './read/read-folder.ts';
import { readShorthand } from './read/read-shorthand.ts';
import { readYaml } from './read/read-yaml.ts';
import { reporter, templateMember, type Source, type TemplateSources } from './read/source.ts';
import { repair } from './repair.ts';
import { TemplateSchema, type TemplateDocument } from './template-schema.ts';
import { type TemplateSettings, isWarning, type Template, type TemplateProblem } from './template.ts';

export interface LoadedTemplate {
  template: Template;
  /** Whether it may be run: it has warnings at most. */
  usable: boolean;
}

/** Loads one folder; undefined if it cannot be read as a template. Adds all problems to `problems`. */
export async function loadTemplate(
  location: TemplateLocation,
  settings: TemplateSettings,
  problems: TemplateProblem[],
): Promise<LoadedTemplate | undefined> {
  const found: TemplateProblem[] = [];
  checkName(location, found);
  return complete(await readAnyFolder(location, found), settings, { found, problems });
}

/** The same of files that are given by their paths in the folder; problems name these paths. */
export function loadGivenTemplate(
  template: { name: string; given: ReadonlyMap<string, Buffer> },
  settings: TemplateSettings,
  problems: TemplateProblem[],
): LoadedTemplate | undefined {
  const found: TemplateProblem[] = [];
  checkName({ ...template, directory: '' }, found);
  return complete(givenFolder(template, found), settings, { found, problems });
}

function checkName({ name, directory }: TemplateLocation, problems: TemplateProblem[]): void {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return;
  const reason = 'expected a DNS label as the folder’s name (lower-case letters, digits and -, at most 63)';
  problems.push({ file: directory, reason });
}

function complete(
  folder: TemplateFolder | undefined,
  settings: TemplateSettings,
  { found, problems }: { found: TemplateProblem[]; problems: TemplateProblem[] },
): LoadedTemplate | undefined {
  const template = folder && buildTemplate(folder, settings, found);
  // A problem that may only follow from another one is reported when that one is solved.
  const direct = found.filter(({ followUp }) => followUp !== true);
  const reported = direct.every(isWarning) ? found : direct;
  problems.push(...reported.sort((a, b) => compare(a, b)));
  return template && { template, usable: found.every(isWarning) };
}

function buildTemplate(
  folder: TemplateFolder,
  settings: TemplateSettings,
  problems: TemplateProblem[],
): Template | undefined {
  const sources = readSources(folder, problems);
  if (sources === undefined) return undefined;
  const template = completeTemplate(
    {
      folder,
      document: sources.document.value,
      job: sources.job.value as Job,
      environment: sources.environment.value,
    },
    settings,
  );
  checkTemplate({ template, sources, settings, problems });
  return template;
}

async function readAnyFolder(
  location: TemplateLocation,
  problems: TemplateProblem[],
): Promise<TemplateFolder | undefined> {
  try {
    return await readFolder(location, problems);
  } catch (error) {
    problems.push({ file: location.directory, reason: `cannot be read: ${messageOf(error)}` });
    return undefined;
  }
}

function readSources(folder: TemplateFolder, problems: TemplateProblem[]): TemplateSources | undefined {
  const { texts, directory } = folder;
  const environment = readDotenv(join(directory, 'job.env'), texts.get('job.env') ?? '', problems);
  const conf = texts.get('job-conf.env');
  const pair = texts.has('template.yaml') || texts.has('job.yaml') ? readPair(folder, problems) : undefined;
  if (conf === undefined) {
    if (pair !== undefined) return { ...pair, environment };
    const reason = 'expected template.yaml and job.yaml, or job-conf.env, received neither';
    problems.push({ file: directory, reason });
    return undefined;
  }
  const file = join(directory, 'job-conf.env');
  if (texts.has('template.yaml') || texts.has('job.yaml')) {
    problems.push({ file, reason: 'replaces template.yaml and job.yaml and cannot be beside them' });
    return undefined;
  }
  const shorthand = readShorthand(
    folder.name,
    { conf: readDotenv(file, conf, problems), environment: environment.value },
    problems,
  );
  return { document: shorthand.template, job: shorthand.job, environment };
}

function readPair(
  { texts, directory }: TemplateFolder,
  problems: TemplateProblem[],
): Pick<TemplateSources, 'document' | 'job'> {
  const [document, job] = (['template.yaml', 'job.yaml'] as const).map((name): Source<unknown> => {
    const file = join(directory, name);
    const text = texts.get(name);
    if (text === undefined) problems.push({ file, reason: 'is missing' });
    const source = text === undefined ? undefined : readYaml(file, text, problems);
    return source ?? { file, value: undefined, lineAt: () => undefined, faults: [[]] };
  }) as [Source<unknown>, Source<unknown>];
  return { document: validate(document, problems), job };
}

const validator = compileAtFirstUse<TemplateDocument>(TemplateSchema);

/** Replaces an unusable template.yaml, so that its job.yaml can be checked. */
const emptyDocument: TemplateDocument = { description: 'unknown' };

/** Returns the document without its wrong members, for further checks: a template with a problem is never used. */
function validate(document: Source<unknown>, problems: TemplateProblem[]): Source<TemplateDocument> {
  const { value } = document;
  if (document.faults !== undefined) return { ...document, value: emptyDocument };
  const isTemplate = validator();
  if (isTemplate(value)) return { ...document, value };
  const checked = { schema: TemplateSchema, value, noun: templateMember };
  const found = describeSchemaErrors(isTemplate.errors, checked);
  const report = reporter(document, problems);
  for (const { path, reason } of found) report(path, reason);
  const repaired = repair<TemplateDocument>(TemplateSchema, isTemplate, value);
  return repaired === undefined
    ? { ...document, value: emptyDocument, faults: [[]] }
    : { ...document, value: repaired, faults: found.map(({ path }) => path) };
}

function compare(a: TemplateProblem, b: TemplateProblem): number {
  return a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1;
}
