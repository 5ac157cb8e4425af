import type { Findings } from './findings.ts';
import { listSettings, type JsonSchema, type Setting } from './list-settings.ts';

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
function parseValue(text: string, schema: JsonSchema): unknown {
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

function warnOfUnknown(env: Environment, known: ReadonlySet<string>, findings: Findings): void {
  for (const [name, value = ''] of Object.entries(env)) {
    // Kubernetes itself puts EDC_JP_…_SERVICE_HOST and the like there when a Service has such a name.
    const foreign = /_SERVICE_(HOST|PORT)|_PORT_\d+_/.test(name) || value.startsWith('tcp://');
    if (name.startsWith('EDC_JP_') && name !== 'EDC_JP_CONFIG' && !known.has(name) && !foreign) {
      findings.warnings.push(`${name} is not a setting and is ignored`);
    }
  }
}
