import { LineCounter, parseDocument } from 'yaml';
import { invalidRequest } from '../../errors.ts';

/** A job configuration: the members of a start, as YAML or JSON. Throws `invalid-request` that names the line at fault, and no value. */
export function readJobConf(field: string, text: string): object {
  const lines = new LineCounter();
  // The pretty errors show values.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined)
    throw invalidRequest(field, `YAML or JSON; line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
  const value = read(field, document);
  if (isMap(value)) return value;
  throw invalidRequest(field, 'a map with the members of a job');
}

function read(field: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    // Of aliases that become too much.
    throw invalidRequest(field, 'fewer aliases', { cause });
  }
}

const maps = ['parameters', 'environment', 'inputs', 'labels'];

/** The members of `over` win; maps are merged member by member. A member that should be a map and is none is refused with the rest of the body. */
export function mergeStarts(start: object, over: object): object {
  const base = start as Record<string, unknown>;
  const merged = Object.entries(over).map(([name, value]: [string, unknown]) => {
    const own = base[name];
    if (!maps.includes(name) || own === undefined || !isMap(value)) return [name, value];
    return [name, isMap(own) ? { ...own, ...value } : own];
  });
  return { ...base, ...(Object.fromEntries(merged) as object) };
}

function isMap(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
