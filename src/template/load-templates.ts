import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, ServiceError } from '../errors.ts';
import { checkAssets } from './check/check-assets.ts';
import { loadTemplate } from './load-template.ts';
import type { TemplateSettings } from './template-settings.ts';
import type { Template, TemplateProblem } from './template.ts';

/** Loads and checks every template. Throws one `invalid-template` that names file, line and reason of every problem. */
export async function loadTemplates(directory: string, settings: TemplateSettings): Promise<Template[]> {
  const { templates, problems } = await readTemplates(directory, settings);
  if (problems.length === 0) return templates;
  const lines = problems.map((problem) => `  ${describeProblem(problem)}`);
  throw new ServiceError('invalid-template', ['the templates cannot be used:', ...lines].join('\n'));
}

/** The same without throwing: those that are right, and all that is wrong. */
export async function readTemplates(
  directory: string,
  settings: TemplateSettings,
): Promise<{ templates: Template[]; problems: TemplateProblem[] }> {
  const problems: TemplateProblem[] = [];
  const templates: Template[] = [];
  for (const name of await listFolders(directory, problems)) {
    const template = await loadTemplate({ name, directory: join(directory, name) }, settings, problems);
    if (template !== undefined) templates.push(template);
  }
  checkAssets(templates, problems);
  return { templates, problems };
}

/** `jobs-templates/x/job.yaml:12: reason`. */
export function describeProblem({ file, line, reason }: TemplateProblem): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${reason}`;
}

/** Folders and links to them; files beside them, such as a README, and hidden ones are passed over. */
async function listFolders(directory: string, problems: TemplateProblem[]): Promise<string[]> {
  try {
    const entries = (await readdir(directory)).filter((entry) => !entry.startsWith('.')).sort();
    const kinds = await Promise.all(entries.map((entry) => stat(join(directory, entry))));
    return entries.filter((_entry, index) => kinds[index]?.isDirectory() === true);
  } catch (error) {
    problems.push({ file: directory, reason: `expected a folder of templates: ${messageOf(error)}` });
    return [];
  }
}
