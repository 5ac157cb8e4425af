import type { ErrorObject } from 'ajv';
import { ajv } from '../schemas/ajv.ts';
import type { Findings } from './findings.ts';
import { variableOf, type JsonSchema } from './list-settings.ts';
import { SettingsSchema, type Settings } from './settings/settings.ts';

const validate = ajv.compile<Settings>(SettingsSchema);

/** True if every setting has its type; else each that has not becomes one problem. */
export function checkShape(value: unknown, findings: Findings): value is Settings {
  if (validate(value)) return true;
  const problems = (validate.errors ?? []).map((error) => describeError(error, value));
  findings.problems.push(...new Set(problems));
  return false;
}

function describeError(error: ErrorObject, value: unknown): string {
  const path = error.instancePath.split('/').slice(1);
  if (error.keyword === 'additionalProperties') {
    const { additionalProperty } = error.params as { additionalProperty: string };
    return describeUnknown([...path, additionalProperty]);
  }
  if (error.keyword === 'required') {
    const { missingProperty } = error.params as { missingProperty: string };
    const missing = [...path, missingProperty];
    return `${settingName(missing)}: expected ${expectationAt(missing)}, received nothing`;
  }
  return `${settingName(path)}: expected ${expectationAt(path)}, received ${show(valueAt(value, path))}`;
}

const secretName =
  /^(secrets?|tokens?|keys?|api-?key|password|accessKeyId|secretAccessKey|sessionToken|resultKeys)$/i;

/** The value of an unknown setting is never shown: it may be a secret that stands in the wrong place. */
function describeUnknown(path: string[]): string {
  if (secretName.test(path.at(-1) ?? '')) {
    return `${fileName(path)}: is a secret, which the environment alone may hold (STORE_…, CONNECTOR_<NAME>_…, RESULT_KEYS)`;
  }
  const known = Object.keys(schemaAt(path.slice(0, -1))?.properties ?? {});
  return `${fileName(path)}: is not a setting; expected one of ${known.join(', ')}`;
}

/** Both names of a setting: as the file spells it, and as the environment does. Items of a list have the list's. */
export function settingName(path: readonly string[]): string {
  const item = path.findIndex((name) => /^\d+$/.test(name));
  return `${fileName(path)} (${variableOf(item === -1 ? path : path.slice(0, item))})`;
}

function fileName(path: readonly string[]): string {
  const parts = path.map((name) => (/^\d+$/.test(name) ? `[${name}]` : `.${name}`));
  return parts.join('').slice(1);
}

/** The innermost schema on the way that says what it wants; an item of a list of names has no words of its own. */
function expectationAt(path: readonly string[]): string {
  for (let length = path.length; length > 0; length -= 1) {
    const title = schemaAt(path.slice(0, length))?.title;
    if (title !== undefined) return title;
  }
  return 'a map of settings';
}

function schemaAt(path: readonly string[]): JsonSchema | undefined {
  let schema: JsonSchema | undefined = SettingsSchema;
  for (const name of path) schema = schema?.properties?.[name] ?? schema?.items;
  return schema;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'nothing' : text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
