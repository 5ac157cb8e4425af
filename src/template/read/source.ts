import type { Path } from '../placeholders.ts';
import type { TemplateProblem } from '../template.ts';

/** One parsed file of a template, and the way back from a value to its line. */
export interface Source<Value> {
  file: string;
  value: Value;
  /** 1-based; of the innermost member on the path that the file has. */
  lineAt(path: Path): number | undefined;
}

export function problemAt(
  source: Pick<Source<unknown>, 'file' | 'lineAt'>,
  path: Path,
  reason: string,
): TemplateProblem {
  const line = source.lineAt(path);
  return { file: source.file, ...(line === undefined ? {} : { line }), reason };
}
