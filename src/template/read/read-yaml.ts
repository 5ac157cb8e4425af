import { isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import { messageOf } from '../../errors.ts';
import type { Path } from '../../schemas/schema-problem.ts';
import type { TemplateProblem } from '../template.ts';
import type { Source } from './source.ts';

/** More than any template needs. Functions that walk a document recurse once for each level. */
const depthLimit = 64;

/** Parses YAML. Problems name the line; undefined if no value can be read. */
export function readYaml(
  file: string,
  text: string,
  problems: TemplateProblem[],
): Source<unknown> | undefined {
  try {
    return parse(file, text, problems);
  } catch (error) {
    problems.push({ file, reason: `is not YAML: ${describeYamlError(messageOf(error))}` });
    return undefined;
  }
}

function parse(file: string, text: string, problems: TemplateProblem[]): Source<unknown> | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const found = document.errors.map(({ pos, message }) => ({
    at: pos[0],
    reason: `is not YAML: ${describeYamlError(message)}`,
  }));
  if (found.length === 0) found.push(...findCycles(document));
  const lined = found.map(({ at, reason }) => ({ file, line: lines.linePos(at).line, reason }));
  problems.push(...new Map(lined.map((problem) => [`${problem.line}${problem.reason}`, problem])).values());
  if (found.length > 0) return undefined;
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const unusable = findUnusable(value);
  if (unusable !== undefined) {
    const line = lineOf(document, lines, unusable.path);
    problems.push({ file, ...(line === undefined ? {} : { line }), reason: unusable.reason });
    return undefined;
  }
  return { file, value, lineAt: (path) => lineOf(document, lines, path) };
}

/** The parser recurses once for each level, too. */
function describeYamlError(message: string): string {
  return message.includes('call stack') ? `it is nested more than ${depthLimit} levels deep` : message;
}

/** An alias below its own anchor would make the document infinite. */
function findCycles(document: Document.Parsed): { at: number; reason: string }[] {
  const found: { at: number; reason: string }[] = [];
  visit(document, {
    Alias: (_key, alias, ancestors) => {
      const target = alias.resolve(document);
      if (target === undefined || !ancestors.includes(target)) return;
      const reason = `the alias *${alias.source} is inside the value that it refers to (&${alias.source})`;
      found.push({ at: alias.range?.[0] ?? 0, reason });
    },
  });
  return found;
}

/** Aliases can make a document deeper than its text; tags and `%YAML 1.1` can create values that JSON does not have. */
function findUnusable(value: unknown, path: Path = []): { path: Path; reason: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const reason = findFault(value, path.length);
  if (reason !== undefined) {
    return { path, reason: `${path.slice(0, 3).join('.') || 'the document'}: ${reason}` };
  }
  for (const [name, member] of membersOf(value)) {
    const found = findUnusable(member, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findFault(value: object, depth: number): string | undefined {
  if (depth > depthLimit) return `expected at most ${depthLimit} levels of nesting`;
  const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return plain ? undefined : 'expected text, a number, a boolean, a list or a map, without tags';
}

function membersOf(value: object): [string | number, unknown][] {
  return Array.isArray(value) ? [...(value as unknown[]).entries()] : Object.entries(value);
}

/** The line of the innermost existing member on the path. A member's line is that of its name. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const name of path) {
    const next = childOf(node, name);
    if (next === undefined) break;
    node = next.value;
    offset = startOf(next.at) ?? offset;
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function childOf(node: unknown, name: string | number): { at: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
    return pair === undefined ? undefined : { at: pair.key, value: pair.value };
  }
  if (isSeq(node) && typeof name === 'number') {
    const item = node.items[name];
    return item === undefined ? undefined : { at: item, value: item };
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
