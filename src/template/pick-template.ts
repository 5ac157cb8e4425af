import { ServiceError } from '../errors.ts';
import type { Template } from './template.ts';

/** Without a name: the template `demo`, else the first one. */
export function pickTemplate(templates: readonly Template[], name: string | undefined): Template {
  const byName = templates.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const template =
    byName.find((one) => one.name === (name ?? 'demo')) ?? (name === undefined ? byName[0] : undefined);
  if (template !== undefined) return template;
  const expected = byName.map((one) => one.name).join(', ');
  throw new ServiceError('unknown-template', `template: expected one of ${expected}`, { field: 'template' });
}
