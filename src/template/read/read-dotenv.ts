import dotenv from 'dotenv';
import type { TemplateProblem } from '../template.ts';
import type { Source } from './source.ts';

/** Reads a dotenv file. Lines that the parser skips silently are reported, since most are typing errors. */
export function readDotenv(
  file: string,
  text: string,
  problems: TemplateProblem[],
): Source<Record<string, string>> {
  const value = dotenv.parse(text);
  const lines = lineNumbers(text);
  for (const line of findSkipped(text, value)) {
    problems.push({ file, line, reason: 'expected NAME=value, a comment or an empty line' });
  }
  const texts = text.split('\n');
  for (const name of new Set([...Object.keys(value), ...assignsPrototype(lines)])) {
    const place = { file, ...at(lines, name) };
    const assigned = { name, value: value[name] ?? '', line: texts[(place.line ?? 0) - 1] ?? '' };
    const { faults, meant } = judge(assigned);
    if (meant !== undefined) value[name] = meant;
    problems.push(...faults.map((fault) => ({ ...place, ...fault })));
  }
  return { file, value, lineAt: ([name]) => lines.get(String(name)) };
}

/** 1-based. */
function findSkipped(text: string, value: Record<string, string>): number[] {
  return [...blankValues(text, value).split('\n').entries()].flatMap(([index, content]) => {
    const line = content.trim();
    const known = line === '' || line.startsWith('#') || closingQuote.test(line) || assignment.test(line);
    return known ? [] : [index + 1];
  });
}

/** The parser drops this name, which has a special meaning in objects. */
function assignsPrototype(lines: Map<string, number>): string[] {
  return lines.has('__proto__') ? ['__proto__'] : [];
}

interface Assigned {
  name: string;
  value: string;
  line: string;
}

type Fault = Pick<TemplateProblem, 'reason' | 'severity'>;

/** `meant` is the value without its open quote, so that no other check reports it. */
function judge(assigned: Assigned): { faults: Fault[]; meant?: string } {
  const { name, value } = assigned;
  if (!variableName.test(name))
    return { faults: [{ reason: `${name}: expected a name of letters, digits and _` }] };
  if (name === '__proto__') return { faults: [{ reason: `${name}: expected another name` }] };
  const quote = findOpenQuote(assigned);
  if (quote !== undefined) {
    const reason = `${name}: expected a closing ${quote}: the value starts with this quote and does not end with it`;
    return { faults: [{ reason }], meant: value.slice(1) };
  }
  const swallowed = findSwallowed(value);
  if (swallowed === undefined) return { faults: [] };
  const reason = `${name}: its quote is closed on a later line, so ${swallowed}=… is part of its value`;
  return { faults: [{ reason, severity: 'warning' }] };
}

/** The parser removes the quotes of a quoted value; a quote without an end stays part of the value. */
function findOpenQuote({ value, line }: Assigned): string | undefined {
  const quote = openingQuote.exec(line)?.[1];
  if (quote === undefined || !value.startsWith(quote) || value.includes(quote, 1)) return undefined;
  return quote;
}

/** A variable inside a value of several lines: perhaps an open quote ends at a later one, perhaps the value is meant so. */
function findSwallowed(value: string): string | undefined {
  return /\n[ \t]*(?:export[ \t]+)?([A-Z_][A-Z0-9_]*)=/.exec(value)?.[1];
}

const openingQuote = /^\s*(?:export\s+)?[\w.-]+\s*[=:]\s*(["'`])/;
/** The last line of a value of several lines. */
const closingQuote = /^["'`]\s*(#.*)?$/;
const assignment = /^(export\s+)?[\w.-]+(\s*=|:\s)/;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Removes the further lines of quoted values, which are no assignments. */
function blankValues(text: string, values: Record<string, string>): string {
  return Object.values(values)
    .filter((value) => value.includes('\n'))
    .reduce(
      (rest, value) => rest.replace(value, () => value.replace(/\n.*/g, '\n')),
      text.replaceAll('\r\n', '\n'),
    );
}

/** The last assignment of a name counts. */
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
