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
    servingTemplate(templates, assetId) ?? templates.find((template) => template.name === assetId);
  return chosen ?? unknown(`no template serves the asset "${assetId}" or has its name`, templates);
}

/** The parameters of an asset in `template.yaml`; empty for assets that it does not list. */
export function assetParameters(template: Template, assetId: string): Record<string, unknown> {
  return servingAsset(template, assetId)?.parameters ?? {};
}

function servingTemplate(templates: readonly Template[], assetId: string): Template | undefined {
  const serving = templates
    .map((template) => ({ template, asset: servingAsset(template, assetId) }))
    .filter(({ asset }) => asset !== undefined);
  return serving.sort((a, b) => closeness(b.asset, assetId) - closeness(a.asset, assetId))[0]?.template;
}

function servingAsset({ assets }: Template, assetId: string): TemplateAsset | undefined {
  const serving = assets.filter(({ id }) => closeness({ id }, assetId) >= 0);
  return serving.sort((a, b) => closeness(b, assetId) - closeness(a, assetId))[0];
}

/** Negative if the asset does not match. An exact id is closer than any pattern. */
function closeness(asset: Pick<TemplateAsset, 'id'> | undefined, assetId: string): number {
  if (asset === undefined) return -1;
  if (asset.id === assetId) return Infinity;
  const prefix = asset.id.endsWith('*') ? asset.id.slice(0, -1) : undefined;
  return prefix !== undefined && assetId.startsWith(prefix) ? prefix.length : -1;
}

function unknown(problem: string, templates: readonly Template[]): never {
  const names = templates.map(({ name }) => name).sort();
  const known = names.length === 0 ? 'there are none' : `expected one of ${names.join(', ')}`;
  throw new ServiceError('unknown-template', `${problem}; ${known}`, { field: 'template' });
}
