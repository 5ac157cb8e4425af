import type { Path } from '../../schemas/schema-problem.ts';
import type { TemplateProblem } from '../template.ts';
import type { TemplateDocument } from '../template-schema.ts';

/** One parsed file of a template, and the way back from a value to its line. */
export interface Source<Value> {
  file: string;
  value: Value;
  /** 1-based; of the innermost member on the path that the file has. */
  lineAt(path: Path): number | undefined;
  /** What is known to be wrong with it, and has been left out or replaced since: an empty path is all of it. */
  faults?: Path[];
}

/** What a member that is unknown is not. */
export const templateMember = 'a member that a template may have here';

export function placeName(path: Path): string {
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

/** Whether something at this place, below or above it is known to be wrong. */
export function isFaulty({ faults = [] }: Pick<Source<unknown>, 'faults'>, path: Path): boolean {
  return faults.some((fault) => {
    const length = Math.min(fault.length, path.length);
    return fault.slice(0, length).every((name, index) => String(name) === String(path[index]));
  });
}

/** The files of one template, parsed; what refers to a line of them goes through here. */
export interface TemplateSources {
  document: Source<TemplateDocument>;
  job: Source<unknown>;
  environment: Source<Record<string, string>>;
}
