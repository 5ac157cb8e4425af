import type { Schema } from '../schemas/schema-problem.ts';
import type { Environment, Findings } from './config.ts';
import { listSettings, type Setting } from './settings/settings.ts';

/** Values of the settings that the environment names. An empty variable counts as absent. */
export function readEnvironment(env: Environment, findings: Findings): Map<Setting, unknown> {
  const values = new Map<Setting, unknown>();
  const settings = listSettings();
  for (const setting of settings) {
    const text = env[setting.variable];
    if (text !== undefined && text !== '') values.set(setting, parseValue(text, setting.schema));
  }
  warnOfUnknown(env, new Set([...settings.map(({ variable }) => variable), 'EDC_JP_CONFIG']), findings);
  return values;
}

/** A value that cannot be parsed stays text: the check against the schema then says what was expected. */
function parseValue(text: string, schema: Schema): unknown {
  if (schema.type === 'integer') return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
  if (schema.type === 'array' && schema.items?.type === 'string') return splitList(text);
  return schema.type === 'array' || schema.type === 'object' ? parseJson(text) : text;
}

/** The items between commas, without empty ones. */
export function splitList(text = ''): string[] {
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const prefix = 'EDC_JP_';
/** Bounds of the warnings: characters of a name, and names. */
const shownLength = 100;
const shownNames = 20;

function warnOfUnknown(env: Environment, known: ReadonlySet<string>, { warnings }: Findings): void {
  const unknown = Object.entries(env)
    .filter(
      ([name, value = '']) => name.startsWith(prefix) && !known.has(name) && !isServiceLink(name, value),
    )
    .map(([name]) => name.slice(0, shownLength));
  for (const name of unknown.slice(0, shownNames))
    warnings.push(`${name} is not a setting and is ignored${hint(name, known)}`);
  if (unknown.length > shownNames)
    warnings.push(`${unknown.length - shownNames} more EDC_JP_… variables are not settings and are ignored`);
}

/** Kubernetes sets EDC_JP_…_SERVICE_HOST and similar variables for a Service of such a name. */
function isServiceLink(name: string, value: string): boolean {
  return /_SERVICE_(HOST|PORT)|_PORT_\d+_/.test(name) || value.startsWith('tcp://');
}

function hint(name: string, known: ReadonlySet<string>): string {
  const own = [...known].map((one) => one.slice(prefix.length));
  const nearest = findNearestName(name.slice(prefix.length), own);
  return nearest === undefined ? ': docs/configuration.md lists all' : `: did you mean ${prefix}${nearest}?`;
}

/** The known name with the fewest different letters; undefined if more than a third of them differ. */
function findNearestName(name: string, known: readonly string[]): string | undefined {
  const limit = Math.floor(Math.max(name.length, 3) / 3);
  const near = known
    .filter((one) => Math.abs(one.length - name.length) <= limit)
    .map((one) => ({ one, distance: distanceBetween(name, one) }))
    .filter(({ distance }) => distance <= limit);
  return near.sort((a, b) => a.distance - b.distance)[0]?.one;
}

/** The Levenshtein distance: how many letters are inserted, left out or replaced. */
function distanceBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(one).entries()) {
    const next = [line + 1];
    for (const [column, wanted] of Array.from(other).entries()) {
      const replaced = (row[column] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
