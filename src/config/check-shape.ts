import { compileAtFirstUse, describeSchemaErrors, type Path } from '../schemas/schema-problem.ts';
import type { Findings } from './config.ts';
import { variableOf, SettingsSchema, type Settings } from './settings/settings.ts';

const validator = compileAtFirstUse<Settings>(SettingsSchema);

const secretName =
  /^((client-?)?secrets?|tokens?|keys?|api-?key|password|accessKeyId|secretAccessKey|sessionToken|resultKeys)$/i;

/** True if every setting has the right type; each wrong one becomes a problem. */
export function checkShape(value: unknown, { problems }: Findings): value is Settings {
  const validate = validator();
  if (validate(value)) return true;
  const checked = { schema: SettingsSchema, value, noun: 'a setting' };
  for (const { path, keyword, reason } of describeSchemaErrors(validate.errors, checked)) {
    if (keyword !== 'additionalProperties') problems.push(`${settingName(path)}: ${reason}`);
    else if (!secretName.test(String(path.at(-1)))) problems.push(`${fileName(path)}: ${reason}`);
    else problems.push(`${fileName(path)}: ${path[0] === 'api' ? isApiKey : isSecret}`);
  }
  return false;
}

const isApiKey = 'is a secret; expected its SHA-256 as sha256 (`edc-job-provisioner api-key NAME` prints it)';

const isSecret = 'is a secret; expected in the environment only (STORE_…, CONNECTOR_<NAME>_…, RESULT_KEYS)';

/** Both names of a setting: in the file, and in the environment. Items of a list have the variable of the list. */
export function settingName(path: Path): string {
  const item = path.findIndex(isIndex);
  return `${fileName(path)} (${variableOf(path.slice(0, item === -1 ? undefined : item).map(String))})`;
}

function fileName(path: Path): string {
  const parts = path.map((name) => (isIndex(name) ? `[${name}]` : `.${name}`));
  return parts.join('').slice(1);
}

function isIndex(name: string | number): boolean {
  return /^\d+$/.test(String(name));
}
