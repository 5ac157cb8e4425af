import { etagOf, type EnvFileOwner, type StoredEnvFile } from '../../../../env-files/env-file.ts';
import type { EnvFiles } from '../../../../env-files/env-files.ts';
import { readEnvFile } from '../../../../env-files/read-env-file.ts';
import { invalidRequest, ServiceError } from '../../../../errors.ts';
import { callerOf, checkTemplateAccess } from '../../../access/caller.ts';
import { readBytes } from '../../../read-json.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiRoute } from '../api-route.ts';
import { checkConditions, isUnchanged } from '../check-conditions.ts';
import { envFileOperations as operations, ownerQuery, putQuery } from './env-file-operations.ts';
import type { EnvFileDescription } from './env-file-schema.ts';
import { chooseOwnersTemplate, readOwner, readQuery, type OwnerDependencies } from './read-owner.ts';

export interface EnvFileRouteDeps extends OwnerDependencies {
  envFiles: EnvFiles;
  envFileLimits: { maxBytes: number; maxVariables: number };
}

/** The env files of assets, as their owners hand them in. */
export function envFileRoutes(deps: EnvFileRouteDeps): Route[] {
  const path = '/connectors/:connector/assets/:asset/env';
  const common = { path, scope: 'supply' } as const;
  return [
    apiRoute({
      ...common,
      method: 'GET',
      operation: operations.get,
      handle: (ctx) => answerGet(ctx, deps),
    }),
    apiRoute({
      ...common,
      method: 'PUT',
      operation: operations.put,
      body: { kind: 'bytes' },
      handle: (ctx) => answerPut(ctx, deps),
    }),
    apiRoute({
      ...common,
      method: 'DELETE',
      operation: operations.delete,
      handle: (ctx) => answerDelete(ctx, deps),
    }),
  ];
}

async function answerGet(ctx: HttpContext, deps: EnvFileRouteDeps): Promise<void> {
  const query = readQuery(ctx, operations.get.query);
  const owner = readOwner(ctx, deps, query);
  const wanted = { owner, version: readVersion(query['version']) };
  const file = await deps.envFiles.read(wanted, ctx.state.signal);
  if (file === undefined) throw unknownFile();
  checkTemplateAccess(callerOf(ctx), file.template);
  const etag = etagOf(file);
  ctx.set('ETag', etag);
  if (isUnchanged(ctx, etag)) ctx.status = 304;
  else ctx.body = { ...describe(file), versions: file.versions };
}

function readVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw invalidRequest('version', 'a number from 1');
}

async function answerPut(ctx: HttpContext, deps: EnvFileRouteDeps): Promise<void> {
  const query = readQuery(ctx, putQuery);
  const owner = readOwner(ctx, deps, query);
  const secret = readSecret(query['secret']);
  const template = chooseOwnersTemplate(ctx, deps, { owner, template: query['template'] });
  const { maxBytes, maxVariables } = deps.envFileLimits;
  const bytes = await readBytes(ctx.req, { limitBytes: maxBytes, setting: 'envFiles.maxBytes' });
  const { content, values } = readEnvFile(template, {
    ...{ bytes, secret, maxVariables },
    owner: owner.consumer === undefined ? 'asset' : 'consumer',
    assetId: owner.assetId,
  });
  const createdBy = callerOf(ctx).name;
  const file = { content, secret, template: template.name, names: Object.keys(values), createdBy };
  const written = await deps.envFiles.write({ owner, file, check: conditionsOf(ctx) }, ctx.state.signal);
  ctx.set('ETag', etagOf(written.file));
  ctx.status = written.created ? 201 : 200;
  ctx.body = describe(written.file);
  log(ctx, owner, { version: written.file.version });
}

function readSecret(text = 'false'): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalidRequest('secret', 'true or false');
}

async function answerDelete(ctx: HttpContext, deps: EnvFileRouteDeps): Promise<void> {
  const owner = readOwner(ctx, deps, readQuery(ctx, ownerQuery));
  const { name: by } = callerOf(ctx);
  const checkConditions = conditionsOf(ctx);
  function check(current: StoredEnvFile | undefined): void {
    if (current !== undefined) checkTemplateAccess(callerOf(ctx), current.template);
    checkConditions(current);
  }
  if (!(await deps.envFiles.remove({ owner, check, by }, ctx.state.signal))) throw unknownFile();
  ctx.status = 204;
  log(ctx, owner, {});
}

function conditionsOf(ctx: HttpContext): (current: StoredEnvFile | undefined) => void {
  return (current) => {
    checkConditions(ctx, {
      etag: current && etagOf(current),
      isThere: current === undefined ? 'no file' : `version ${current.version}`,
    });
  };
}

/** Without the name of its Secret. */
function describe(file: StoredEnvFile): EnvFileDescription {
  const { connector, assetId, consumer, version, digest, secret, template, names, size } = file;
  const { createdAt, createdBy, content } = file;
  return {
    ...{ connector, assetId },
    ...(consumer === undefined ? {} : { consumer }),
    ...{ version, digest, secret, template, names, size, createdAt, createdBy },
    ...(content === undefined ? {} : { content }),
  };
}

function unknownFile(): ServiceError {
  return new ServiceError('not-found', 'there is no such env file');
}

/** Without names and values of variables. */
function log(ctx: HttpContext, { connector, assetId }: EnvFileOwner, more: object): void {
  ctx.state.logged = { connector, assetId, ...more };
}
