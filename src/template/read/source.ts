import type { Path } from '../../schemas/schema-problem.ts';
import type { TemplateProblem } from '../template.ts';
import type { TemplateDocument } from '../template-schema.ts';

/** One parsed file of a template, which maps a value back to its line. */
export interface Source<Value> {
  file: string;
  value: Value;
  /** 1-based line of the innermost existing member on the path. */
  lineAt(path: Path): number | undefined;
  /** Wrong members, which have been left out or replaced; an empty path is the whole file. */
  faults?: Path[];
}

/** For `is not …`, of an unknown member. */
export const templateMember = 'a member that a template may have here';

export function pathName(path: Path): string {
  return path.join('.') || 'the document';
}

export function problemAt(
  source: Pick<Source<unknown>, 'file' | 'lineAt' | 'faults'>,
  path: Path,
  reason: string,
): TemplateProblem {
  const line = source.lineAt(path);
  const problem = { file: source.file, ...(line === undefined ? {} : { line }), reason };
  return isFaulty(source, path) ? { ...problem, followUp: true } : problem;
}

/** Adds a problem that names the member and its line; `below` is the path from there to an inner member whose line is given instead. */
export type Report = (path: Path, reason: string, below?: Path) => void;

/** Reports problems of members at or below the path `base`. */
export function reporter(source: Source<unknown>, problems: TemplateProblem[], base: Path = []): Report {
  return (path, reason, below = []) => {
    const at = [...base, ...path];
    problems.push(problemAt(source, [...at, ...below], `${pathName(at)}: ${reason}`));
  };
}

/** Whether a wrong member is at this path, above or below it. */
export function isFaulty({ faults = [] }: Pick<Source<unknown>, 'faults'>, path: Path): boolean {
  return faults.some((fault) => {
    const length = Math.min(fault.length, path.length);
    return fault.slice(0, length).every((name, index) => String(name) === String(path[index]));
  });
}

/** The parsed files of one template. */
export interface TemplateSources {
  document: Source<TemplateDocument>;
  job: Source<unknown>;
  environment: Source<Record<string, string>>;
}
