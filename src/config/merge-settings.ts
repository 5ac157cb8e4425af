import type { Findings } from './config.ts';
import { alternativeOf, type Schema } from '../schemas/schema-problem.ts';
import { type Setting, SettingsSchema } from './settings/settings.ts';

type Values = Record<string, unknown>;

/** The file wins over the environment, the environment over defaults. The shape of the result is not checked yet. */
export function mergeSettings(
  file: Values,
  environment: ReadonlyMap<Setting, unknown>,
  findings: Findings,
): unknown {
  const merged = structuredClone(file);
  for (const [setting, value] of environment) {
    if (insert(merged, setting.path, value)) continue;
    const path = setting.path.join('.');
    findings.warnings.push(`${path} is set in the file and as ${setting.variable}: the file's value is used`);
  }
  return withDefaults(SettingsSchema, merged);
}

/** False if the setting has a value already, or its parent is not a map. */
function insert(values: Values, [name = '', ...rest]: readonly string[], value: unknown): boolean {
  if (rest.length === 0) {
    if (Object.hasOwn(values, name)) return false;
    values[name] = value;
    return true;
  }
  if (!Object.hasOwn(values, name)) values[name] = {};
  const inner = values[name];
  return isMap(inner) && insert(inner, rest, value);
}

/** Creates absent maps that are not optional, and gives absent leaves their default. Values of a wrong type are left for the check. */
function withDefaults(schema: Schema, value: unknown): unknown {
  const { properties, required, items } = alternativeOf(schema, value);
  if (properties !== undefined) {
    if (value !== undefined && !isMap(value)) return value;
    return membersWithDefaults({ properties, required }, value ?? {});
  }
  const given = value === undefined ? structuredClone(schema.default) : value;
  return items !== undefined && Array.isArray(given) ? given.map((item) => withDefaults(items, item)) : given;
}

function membersWithDefaults(
  { properties = {}, required = [] }: Pick<Schema, 'properties' | 'required'>,
  value: Values,
): Values {
  const complete = { ...value };
  for (const [name, member] of Object.entries(properties)) {
    const isMapOfMembers = member.properties !== undefined;
    if (isMapOfMembers && !required.includes(name) && !Object.hasOwn(value, name)) continue;
    const filled = withDefaults(member, Object.hasOwn(value, name) ? value[name] : undefined);
    if (filled !== undefined) complete[name] = filled;
  }
  return complete;
}

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
