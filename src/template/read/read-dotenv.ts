import dotenv from 'dotenv';
import type { TemplateProblem } from '../template.ts';
import type { Source } from './source.ts';

/** Variables of a dotenv file. Lines that the format would pass over in silence are problems: mostly they are typing errors. */
export function readDotenv(
  file: string,
  text: string,
  problems: TemplateProblem[],
): Source<Record<string, string>> {
  const value = dotenv.parse(text);
  const lines = lineNumbers(text);
  for (const [index, content] of blankValues(text, value).split('\n').entries()) {
    const line = content.trim();
    if (line === '' || line.startsWith('#') || closingQuote.test(line) || assignment.test(line)) continue;
    problems.push({ file, line: index + 1, reason: 'expected NAME=value, a comment or an empty line' });
  }
  for (const name of Object.keys(value)) {
    if (variableName.test(name)) continue;
    problems.push({ file, ...at(lines, name), reason: `${name}: expected a name of letters, digits and _` });
  }
  return { file, value, lineAt: ([name]) => lines.get(String(name)) };
}

/** The end of a value of several lines. */
const closingQuote = /^["'`]\s*(#.*)?$/;
const assignment = /^(export\s+)?[\w.-]+(\s*=|:\s)/;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Quoted values may span lines, which are no assignments of their own. */
function blankValues(text: string, values: Record<string, string>): string {
  return Object.values(values)
    .filter((value) => value.includes('\n'))
    .reduce(
      (rest, value) => rest.replace(value, () => value.replace(/\n.*/g, '\n')),
      text.replaceAll('\r\n', '\n'),
    );
}

/** The last assignment of a name is the one that counts. */
function lineNumbers(text: string): Map<string, number> {
  const found = text.split('\n').flatMap((line, index): [string, number][] => {
    const name = /^\s*(?:export\s+)?([\w.-]+)\s*[=:]/.exec(line)?.[1];
    return name === undefined ? [] : [[name, index + 1]];
  });
  return new Map(found);
}

function at(lines: Map<string, number>, name: string): { line?: number } {
  const line = lines.get(name);
  return line === undefined ? {} : { line };
}
