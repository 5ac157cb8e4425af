import type { ConnectorConfig } from '../../../../config/config.ts';
import { lists } from '../../../../config/lists.ts';
import type { EnvFileOwner } from '../../../../env-files/env-file.ts';
import { invalidRequest, ServiceError } from '../../../../errors.ts';
import { rest } from '../../../../flow/flow-request.ts';
import { chooseTemplate } from '../../../../template/choose-template.ts';
import type { Template } from '../../../../template/template.ts';
import { callerOf, checkConnectorAccess, checkTemplateAccess } from '../../../access/caller.ts';
import type { HttpContext } from '../../../route.ts';
import { checkQuery } from '../check-query.ts';
import { assetIdKind, consumerKind } from './env-file-schema.ts';

export interface OwnerDependencies {
  connectors: readonly ConnectorConfig[];
  templates: readonly Template[];
}

type Query = Readonly<Record<string, string>>;

/** Reads parameters of the query, each at most once. Throws `invalid-request` for others than the known ones. */
export function readQuery(ctx: Pick<HttpContext, 'querystring'>, known: object): Query {
  const query = new URLSearchParams(ctx.querystring);
  checkQuery(query, known);
  return Object.fromEntries(query);
}

/** Whose file it is. Throws for a connector that does not exist or that the caller may not use. */
export function readOwner(ctx: HttpContext, { connectors }: OwnerDependencies, query: Query): EnvFileOwner {
  const { connector = '', asset = '' } = ctx.params;
  checkConnectorAccess(callerOf(ctx), connector);
  const names = [rest.connector, ...connectors.map(({ name }) => name)];
  if (!names.includes(connector)) {
    const expected = `connector: expected one of ${names.join(', ')}`;
    throw new ServiceError('unknown-connector', expected, { field: 'connector' });
  }
  if (asset !== '-' && query['assetId'] !== undefined)
    throw invalidRequest('assetId', 'no such parameter, unless the path has - in its place');
  const assetId = checkText('assetId', query['assetId'] ?? asset, assetIdKind);
  const { consumer } = query;
  if (consumer === undefined) return { connector, assetId };
  return { connector, assetId, consumer: checkText('consumer', consumer, consumerKind) };
}

function checkText(field: string, text: string, { title, pattern }: typeof assetIdKind): string {
  if (new RegExp(pattern, 'u').test(text)) return text;
  throw invalidRequest(field, title);
}

/** The template of the owner's jobs. Throws `forbidden` if the caller may not use it. */
export function chooseOwnersTemplate(
  ctx: HttpContext,
  { connectors, templates }: OwnerDependencies,
  { owner, template: name }: { owner: EnvFileOwner; template: string | undefined },
): Template {
  if (name !== undefined) checkTemplateAccess(callerOf(ctx), name);
  const usable = connectors.find((one) => one.name === owner.connector)?.templates ?? ['*'];
  const known = templates.filter((one) => lists(usable, one.name));
  const chosen = chooseTemplate(known, { assetId: owner.assetId, template: name });
  checkTemplateAccess(callerOf(ctx), chosen.name);
  return chosen;
}
