import { ServiceError } from '../errors.ts';
import type { Template, TemplateAsset } from './template.ts';

/**
 * Chooses by the name in the request's path; else the template that lists the asset (a pattern may end in `*`, the longest wins); else the
 * template with the asset's name. Throws `unknown-template` with the names of all templates.
 */
export function chooseTemplate(
  templates: readonly Template[],
  { template: name, assetId }: { template?: string | undefined; assetId: string },
): Template {
  if (name !== undefined) {
    const named = templates.find((template) => template.name === name);
    return named ?? unknown(`there is no template "${name}"`, templates);
  }
  const chosen =
    findServing(templates, assetId)?.template ?? templates.find((template) => template.name === assetId);
  return chosen ?? unknown(`no template serves the asset "${assetId}" or has its name`, templates);
}

/** The parameters of an asset in `template.yaml`; empty for assets that it does not list. */
export function assetParameters(template: Template, assetId: string): Record<string, unknown> {
  return findServing([template], assetId)?.asset.parameters ?? {};
}

/** The template whose asset is the closest one. */
function findServing(templates: readonly Template[], assetId: string) {
  return templates
    .flatMap((template) => template.assets.map((asset) => ({ template, asset })))
    .filter(({ asset }) => closeness(asset, assetId) >= 0)
    .sort((a, b) => closeness(b.asset, assetId) - closeness(a.asset, assetId))[0];
}

/** Negative if the asset does not match. An exact id is closer than any pattern. */
function closeness({ id }: TemplateAsset, assetId: string): number {
  if (id === assetId) return Infinity;
  const prefix = id.endsWith('*') ? id.slice(0, -1) : undefined;
  return prefix !== undefined && assetId.startsWith(prefix) ? prefix.length : -1;
}

function unknown(problem: string, templates: readonly Template[]): never {
  const names = templates.map(({ name }) => name).sort();
  const known = names.length === 0 ? 'there are none' : `expected one of ${names.join(', ')}`;
  throw new ServiceError('unknown-template', `${problem}; ${known}`, { field: 'template' });
}
