import type { Findings } from './findings.ts';
import { findNearestName } from './nearest-name.ts';
import type { Schema } from '../schemas/schema-problem.ts';
import { listSettings, type Setting } from './list-settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values of the settings that the environment names; an empty variable is as good as none. */
export function readEnvironment(env: Environment, findings: Findings): Map<Setting, unknown> {
  const values = new Map<Setting, unknown>();
  const settings = listSettings();
  for (const setting of settings) {
    const text = env[setting.variable];
    if (text !== undefined && text !== '') values.set(setting, parseValue(text, setting.schema));
  }
  warnOfUnknown(env, new Set(settings.map(({ variable }) => variable)), findings);
  return values;
}

/** What cannot be parsed stays text: the schema then says what was expected instead. */
function parseValue(text: string, schema: Schema): unknown {
  if (schema.type === 'integer') return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
  if (schema.type === 'array' && schema.items?.type === 'string') {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
  return schema.type === 'array' || schema.type === 'object' ? parseJson(text) : text;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const prefix = 'EDC_JP_';
/** A name is shown up to this length, and so many of them are. */
const shownLength = 100;
const mostShown = 20;

function warnOfUnknown(env: Environment, known: ReadonlySet<string>, { warnings }: Findings): void {
  const all = new Set([...known, 'EDC_JP_CONFIG']);
  const unknown = Object.entries(env)
    .filter(([name, value = '']) => name.startsWith(prefix) && !all.has(name) && !isOfKubernetes(name, value))
    .map(([name]) => name.slice(0, shownLength));
  for (const name of unknown.slice(0, mostShown))
    warnings.push(`${name} is not a setting and is ignored${hint(name, all)}`);
  if (unknown.length > mostShown)
    warnings.push(`${unknown.length - mostShown} more EDC_JP_… variables are not settings and are ignored`);
}

/** Kubernetes itself puts EDC_JP_…_SERVICE_HOST and the like there when a Service has such a name. */
function isOfKubernetes(name: string, value: string): boolean {
  return /_SERVICE_(HOST|PORT)|_PORT_\d+_/.test(name) || value.startsWith('tcp://');
}

function hint(name: string, known: ReadonlySet<string>): string {
  const own = [...known].map((one) => one.slice(prefix.length));
  const nearest = findNearestName(name.slice(prefix.length), own);
  return nearest === undefined ? ': docs/configuration.md lists all' : `: did you mean ${prefix}${nearest}?`;
}
