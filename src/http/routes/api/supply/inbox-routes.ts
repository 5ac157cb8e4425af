import { readDelivered } from '../../../../asset-inboxes/delivered-body.ts';
import { signInboxToken, type AssetInbox } from '../../../../asset-inboxes/inbox-token.ts';
import { invalidRequest, ServiceError } from '../../../../errors.ts';
import type { ResultKey } from '../../../../result/result-token.ts';
import type { ObjectStore } from '../../../../storage/object-store.ts';
import { bodyReader } from '../../../../schemas/read-body.ts';
import type { Template } from '../../../../template/template.ts';
import { callerOf, checkTemplateAccess } from '../../../access/caller.ts';
import type { HttpContext, RequestBody, Route } from '../../../route.ts';
import { apiRoute, type ApiOperation } from '../api-route.ts';
import { assetIdQuery as query, ownerParameters } from './env-file-operations.ts';
import {
  DeliveredSchema,
  inboxDays,
  InboxSchema,
  NewInboxSchema,
  type Delivered,
  type Inbox,
  type NewInbox,
} from './inbox-schema.ts';
import { chooseOwnersTemplate, readOwner, readQuery, type OwnerDependencies } from './read-owner.ts';

export interface AssetInboxRouteDeps extends OwnerDependencies {
  store: Pick<ObjectStore, 'read'>;
  keys: readonly ResultKey[];
  publicUrl: string;
  envFileLimits: { maxBytes: number };
  inputFiles: { limits: { maxBytes: number } };
  now: () => Date;
  newId: () => string;
}

const operation: ApiOperation = {
  operationId: 'createInbox',
  tag: 'supply',
  summary: 'Make an inbox that takes one body',
  description:
    'Its address is a capability: who has it can deliver one env file or one input file for the jobs of the asset, without a key.',
  parameters: ownerParameters,
  query,
  responses: {
    '201': { description: 'The inbox. Nothing is stored for it.', schema: InboxSchema },
    '422': { description: 'The template of the asset takes no env files.' },
  },
};

const getOperation: ApiOperation = {
  operationId: 'getInbox',
  tag: 'supply',
  summary: 'Look at what was delivered to an inbox',
  parameters: { ...ownerParameters, inbox: 'The inbox’s id.' },
  query,
  responses: {
    '200': { description: 'It has taken its body.', schema: DeliveredSchema },
    '404': { description: 'It has taken none yet, it has expired, or it is none of this asset.' },
  },
};

const isInboxId = /^\d{12}-[0-9a-f-]{36}$/;
const body: RequestBody = { kind: 'json', name: 'NewInbox', schema: NewInboxSchema };
const readNewInbox = bodyReader(NewInboxSchema);

export function assetInboxRoutes(deps: AssetInboxRouteDeps): Route[] {
  return [
    apiRoute({
      ...{ method: 'POST', path: '/connectors/:connector/assets/:asset/inboxes', scope: 'supply' },
      ...{ operation, body },
      handle: (ctx) => answerCreate(ctx, deps),
    }),
    apiRoute({
      ...{ method: 'GET', path: '/connectors/:connector/assets/:asset/inboxes/:inbox', scope: 'supply' },
      operation: getOperation,
      handle: (ctx) => answerGet(ctx, deps),
    }),
  ];
}

async function answerCreate(ctx: HttpContext, deps: AssetInboxRouteDeps): Promise<void> {
  const named = readOwner(ctx, deps, readQuery(ctx, query));
  const wanted = readNewInbox(await ctx.state.readJson());
  const { consumer, expiresInSeconds = inboxDays.default } = wanted;
  const owner = { ...named, ...(consumer === undefined ? {} : { consumer }) };
  const template = chooseOwnersTemplate(ctx, deps, { owner, template: wanted.template });
  checkWanted(wanted, template);
  const notAfter = Math.floor(deps.now().getTime() / 1000) + expiresInSeconds;
  const { kind, name = kind, secret = false } = wanted;
  const inbox: AssetInbox = {
    // Listed in the order in which they expire.
    id: `${String(notAfter).padStart(12, '0')}-${deps.newId()}`,
    ...{ kind, ...owner, name, secret, template: template.name, maxBytes: readMaxBytes(wanted, deps) },
    createdBy: callerOf(ctx).name,
  };
  const url = addressOf(inbox, { ...deps, notAfter });
  ctx.status = 201;
  ctx.body = describe(inbox, { url, expiresAt: new Date(notAfter * 1000).toISOString() });
  ctx.state.logged = { connector: owner.connector, assetId: owner.assetId, inbox: inbox.id };
}

async function answerGet(ctx: HttpContext, deps: AssetInboxRouteDeps): Promise<void> {
  const { connector, assetId } = readOwner(ctx, deps, readQuery(ctx, query));
  const { inbox: id = '' } = ctx.params;
  const known = isInboxId.test(id) ? await readDelivered(deps, id, ctx.state.signal) : undefined;
  if (known?.inbox.connector !== connector || known.inbox.assetId !== assetId)
    throw new ServiceError('not-found', 'nothing was delivered to such an inbox');
  const { kind, name, template } = known.inbox;
  checkTemplateAccess(callerOf(ctx), template);
  ctx.body = { id, kind, name, ...known.answer } satisfies Delivered;
}

function checkWanted({ kind, secret }: NewInbox, { name, envFiles }: Template): void {
  if (kind === 'input' && secret === true) throw invalidRequest('secret', 'false for an input');
  if (kind === 'input' || envFiles.length > 0) return;
  const expected = `the template ${name} takes no env files: expected one with envFiles in template.yaml`;
  throw new ServiceError('invalid-env-file', expected, { field: 'kind' });
}

function readMaxBytes({ kind, maxBytes }: NewInbox, deps: AssetInboxRouteDeps): number {
  const { maxBytes: most } = kind === 'env' ? deps.envFileLimits : deps.inputFiles.limits;
  if (maxBytes === undefined || maxBytes <= most) return maxBytes ?? most;
  throw invalidRequest('maxBytes', `an integer from 1 to ${most}`);
}

/** By which receivers of the connector reach the service. */
function addressOf(
  inbox: AssetInbox,
  { connectors, publicUrl, keys, notAfter }: AssetInboxRouteDeps & { notAfter: number },
): string {
  const base = connectors.find(({ name }) => name === inbox.connector)?.resultsUrl ?? publicUrl;
  return `${base}/inbox/${signInboxToken(inbox, { notAfter, keys })}`;
}

function describe(inbox: AssetInbox, { url, expiresAt }: Pick<Inbox, 'url' | 'expiresAt'>): Inbox {
  const { id, kind, connector, assetId, consumer, name, secret, template, maxBytes } = inbox;
  return {
    ...{ id, url, kind, connector, assetId },
    ...(consumer === undefined ? {} : { consumer }),
    ...{ name, secret, template, maxBytes, expiresAt },
  };
}
