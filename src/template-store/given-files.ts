import { ServiceError, type BodyProblem } from '../errors.ts';
import { loadGivenTemplate } from '../template/load-template.ts';
import {
  isWarning,
  type Template,
  type TemplateProblem,
  type TemplateSettings,
} from '../template/template.ts';

/** The files of a template by their paths in its folder: a text, or bytes in base64. */
export type GivenFiles = Readonly<Record<string, string | { base64: string }>>;

export interface GivenTemplate {
  /** Absent if there is an error. */
  template?: Template;
  errors: TemplateProblem[];
  warnings: TemplateProblem[];
}

/** Loads and checks the files as a start does with those of a folder. */
export function loadGiven(
  { name, files }: { name: string; files: GivenFiles },
  settings: TemplateSettings,
): GivenTemplate {
  const given = new Map(
    Object.entries(files).map(([file, content]) => [
      file,
      typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.base64, 'base64'),
    ]),
  );
  const problems: TemplateProblem[] = [];
  const loaded = loadGivenTemplate({ name, given }, settings, problems);
  return {
    ...(loaded?.usable === true ? { template: loaded.template } : {}),
    errors: problems.filter((problem) => !isWarning(problem)),
    warnings: problems.filter(isWarning),
  };
}

const shownProblems = 100;

/** Each problem with the JSON pointer of its file in the body. */
export function refuseTemplate(name: string, found: readonly TemplateProblem[]): ServiceError {
  const problems = found.slice(0, shownProblems).map(({ file, line, reason }): BodyProblem => ({
    path: file === '' ? [] : ['files', file],
    detail: line === undefined ? reason : `line ${line}: ${reason}`,
  }));
  const [first] = found;
  const message = `the template ${name} cannot be used: ${describe(first)}${found.length > 1 ? `, and ${found.length - 1} more (errors)` : ''}`;
  return new ServiceError('refused-template', message, {
    field: first === undefined || first.file === '' ? 'files' : `files.${first.file}`,
    problems,
  });
}

function describe(problem: TemplateProblem | undefined): string {
  const { file = '', line, reason = '' } = problem ?? {};
  return [...(file === '' ? [] : [file]), ...(line === undefined ? [] : [`line ${line}`]), reason].join(': ');
}
