import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { messageOf, ServiceError } from '../errors.ts';
import { loadTemplate, type LoadedTemplate } from './load-template.ts';
import { type TemplateSettings, isWarning, type Template, type TemplateProblem } from './template.ts';
import { templateFiles, type TemplateLocation } from './read/read-folder.ts';

/**
 * Loads and checks every template of a folder, or the one template whose folder it is. Throws one `invalid-template` with file, line and
 * reason of every problem; warnings are passed to `warn`.
 */
export async function loadTemplates(
  directory: string,
  settings: TemplateSettings,
  warn: (warning: string) => void = () => undefined,
): Promise<Template[]> {
  const { templates, problems } = await readTemplates(directory, settings);
  for (const warning of problems.filter(isWarning)) warn(describeProblem(warning));
  const errors = problems.filter((problem) => !isWarning(problem));
  if (errors.length === 0) return templates;
  const lines = errors.map((problem) => `  ${describeProblem(problem)}`);
  throw new ServiceError('invalid-template', ['the templates cannot be used:', ...lines].join('\n'));
}

/** The same without throwing: the usable templates, and all problems and warnings. */
export async function readTemplates(
  directory: string,
  settings: TemplateSettings,
): Promise<{ templates: Template[]; problems: TemplateProblem[] }> {
  const problems: TemplateProblem[] = [];
  const loaded: LoadedTemplate[] = [];
  for (const location of await listTemplates(directory, problems)) {
    const one = await loadTemplate(location, settings, problems);
    if (one !== undefined) loaded.push(one);
  }
  checkAssets(
    loaded.map(({ template }) => template),
    problems,
  );
  const templates = loaded.filter(({ usable }) => usable).map(({ template }) => template);
  return { templates, problems };
}

/** `jobs-templates/x/job.yaml:12: reason`. */
export function describeProblem({ file, line, reason, severity }: TemplateProblem): string {
  const parts = [
    line === undefined ? file : `${file}:${line}`,
    ...(severity === undefined ? [] : [severity]),
  ];
  // Names may hold control characters, which must not break the line or reach the terminal.
  return [...parts, reason].join(': ').replaceAll(/\p{Cc}/gu, (odd) => JSON.stringify(odd).slice(1, -1));
}

/** The folders of templates in a folder, or that folder itself if it is one. */
async function listTemplates(directory: string, problems: TemplateProblem[]): Promise<TemplateLocation[]> {
  try {
    const entries = (await readdir(directory)).filter((entry) => !entry.startsWith('.')).sort();
    if (entries.some((entry) => templateFiles.includes(entry)))
      return [{ name: basename(resolve(directory)), directory }];
    const folders = await findFolders(directory, entries, problems);
    if (folders.length === 0) {
      const reason = `holds no template; expected folders with template.yaml and job.yaml, or job-conf.env`;
      problems.push({ file: directory, reason });
    }
    return folders.map((name) => ({ name, directory: join(directory, name) }));
  } catch (error) {
    problems.push({ file: directory, reason: `expected a folder of templates: ${messageOf(error)}` });
    return [];
  }
}

/** Folders and links to folders; files such as a README are skipped. */
async function findFolders(
  directory: string,
  entries: readonly string[],
  problems: TemplateProblem[],
): Promise<string[]> {
  const folders: string[] = [];
  for (const entry of entries) {
    const file = join(directory, entry);
    try {
      if ((await stat(file)).isDirectory()) folders.push(entry);
    } catch (error) {
      problems.push({ file, reason: `cannot be read: ${messageOf(error)}` });
    }
  }
  return folders;
}

/** Refuses an asset that two templates list, since it would be served by either of them. */
export function checkAssets(templates: readonly Template[], problems: TemplateProblem[]): void {
  const servedBy = new Map<string, Template>();
  for (const template of templates) {
    for (const { id } of template.assets) {
      const other = servedBy.get(id);
      servedBy.set(id, template);
      if (other === undefined) continue;
      const file = join(template.directory, 'template.yaml');
      problems.push({ file, reason: `the asset "${id}" is already served by the template ${other.name}` });
    }
  }
}
