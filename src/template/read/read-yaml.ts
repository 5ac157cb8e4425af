import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { Path } from '../placeholders.ts';
import type { TemplateProblem } from '../template.ts';
import type { Source } from './source.ts';

/** Parses YAML; problems name the line, and without a value nothing else can be said of the file. */
export function readYaml(
  file: string,
  text: string,
  problems: TemplateProblem[],
): Source<unknown> | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const { pos, message } of document.errors) {
    problems.push({ file, line: lines.linePos(pos[0]).line, reason: `is not YAML: ${message}` });
  }
  if (document.errors.length > 0) return undefined;
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { file, value, lineAt: (path) => lineOf(document, lines, path) };
  } catch (error) {
    problems.push({ file, reason: `is not YAML: ${error instanceof Error ? error.message : String(error)}` });
    return undefined;
  }
}

/** Walks as far as the document goes; a member's line is that of its name. */
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
