import type { Findings } from './findings.ts';
import { alternativeOf, type Schema } from '../schemas/schema-problem.ts';
import type { Setting } from './list-settings.ts';
import { SettingsSchema } from './settings/settings.ts';

type Values = Record<string, unknown>;

/** File beats environment beats defaults. The result has no checked shape yet. */
export function mergeSettings(
  file: Values,
  environment: ReadonlyMap<Setting, unknown>,
  findings: Findings,
): unknown {
  const merged = structuredClone(file);
  for (const [setting, value] of environment) {
    if (place(merged, setting.path, value)) continue;
    const path = setting.path.join('.');
    findings.warnings.push(`${path} is set in the file and as ${setting.variable}: the file's value is used`);
  }
  return withDefaults(SettingsSchema, merged);
}

/** False if something is there already, or something that cannot hold the setting. */
function place(values: Values, [name = '', ...rest]: readonly string[], value: unknown): boolean {
  if (rest.length === 0) {
    if (Object.hasOwn(values, name)) return false;
    values[name] = value;
    return true;
  }
  if (!Object.hasOwn(values, name)) values[name] = {};
  const inner = values[name];
  return isMap(inner) && place(inner, rest, value);
}

/** Absent objects are made, absent leaves get their default; whatever else is there is left for the check. */
function withDefaults(schema: Schema, value: unknown): unknown {
  const { properties, items } = alternativeOf(schema, value);
  if (properties !== undefined) {
    if (value !== undefined && !isMap(value)) return value;
    return membersWithDefaults(properties, value ?? {});
  }
  const given = value === undefined ? structuredClone(schema.default) : value;
  return items !== undefined && Array.isArray(given) ? given.map((item) => withDefaults(items, item)) : given;
}

function membersWithDefaults(properties: Record<string, Schema>, value: Values): Values {
  const complete = { ...value };
  for (const [name, member] of Object.entries(properties)) {
    const filled = withDefaults(member, Object.hasOwn(value, name) ? value[name] : undefined);
    if (filled !== undefined) complete[name] = filled;
  }
  return complete;
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
