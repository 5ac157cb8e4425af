import type { CompatibilityConfig } from '../../../config/settings/compatibility.ts';
import { ServiceError } from '../../../errors.ts';
import type { Template } from '../../../template/template.ts';

/** Throws `unknown-template` that names the setting, which is not the client's. */
export function requireTemplate(
  templates: readonly Template[],
  setting: keyof CompatibilityConfig,
  name: string,
): void {
  if (templates.some((template) => template.name === name)) return;
  throw new ServiceError(
    'unknown-template',
    `compatibility.${setting}: expected the name of a template, received ${name}`,
  );
}
