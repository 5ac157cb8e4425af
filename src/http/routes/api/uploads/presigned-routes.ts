import { invalidRequest, ServiceError } from '../../../../errors.ts';
import { readUploadHead } from '../../../../inbox/read-upload-head.ts';
import { bodyReader } from '../../../../schemas/read-body.ts';
import { createCompletions, type Completions } from '../../../../uploads/completions.ts';
import {
  partCountOf,
  multipartOf,
  sizeOfPart,
  startPresigned,
  type PresignedUpload,
} from '../../../../uploads/presigned-upload.ts';
import { callerOf } from '../../../access/caller.ts';
import { problemOf } from '../../../problem.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiRoute } from '../api-route.ts';
import { describePresigned, describeUpload } from './describe-upload.ts';
import { findAnyUpload } from './find-upload.ts';
import { pageLimits, presignedBody, presignedOperations as operations } from './presigned-operations.ts';
import { NewPresignedSchema, type Parts } from './presigned-schema.ts';
import type { UploadRouteDeps } from './upload-routes.ts';

const readNew = bodyReader(NewPresignedSchema);

/** Shorter than the time after which proxies give up. */
const waitMillis = 20_000;
const retryAfterSeconds = 10;

export function presignedRoutes(deps: UploadRouteDeps): Route[] {
  const completions = createCompletions(deps);
  return [
    apiRoute({
      ...{ method: 'POST', path: '/uploads/presigned', scope: 'run' },
      ...{ body: presignedBody, operation: operations.start },
      handle: (ctx) => answerStart(ctx, deps),
    }),
    apiRoute({
      ...{ method: 'GET', path: '/uploads/:upload/parts', scope: 'run', operation: operations.parts },
      handle: (ctx) => answerParts(ctx, deps),
    }),
    apiRoute({
      ...{ method: 'POST', path: '/uploads/:upload/complete', scope: 'run', deadline: 'exempt' },
      operation: operations.complete,
      handle: (ctx) => answerComplete(ctx, deps, completions),
    }),
  ];
}

async function answerStart(ctx: HttpContext, { inputFiles, publicUrl }: UploadRouteDeps): Promise<void> {
  const { name, mediaType = 'application/octet-stream', ...rest } = readNew(await ctx.state.readJson());
  const head = readUploadHead({}, encodeURIComponent(name.toWellFormed()));
  const wanted = { ...rest, mediaType, name: head.name, caller: callerOf(ctx).name };
  const upload = describePresigned(await startPresigned(inputFiles, wanted, ctx.state.signal), publicUrl);
  ctx.state.logged = { upload: upload.id, bytes: upload.size };
  ctx.status = 201;
  ctx.set('Location', upload.links.self);
  ctx.body = upload;
}

async function answerParts(ctx: HttpContext, { inputFiles, publicUrl }: UploadRouteDeps): Promise<void> {
  const upload = await findOpen(ctx, { inputFiles });
  const count = partCountOf(upload);
  const limit = readNumber(ctx, { name: 'limit', otherwise: pageLimits.default, most: pageLimits.max });
  const first = readNumber(ctx, { name: 'cursor', otherwise: 1, most: count });
  const left = Date.parse(upload.expiresAt) - inputFiles.now().getTime();
  const expirySeconds = Math.max(1, Math.floor(Math.min(left, inputFiles.limits.totalMillis) / 1000));
  // Before they are signed: no address lives shorter than said.
  const expiresAt = new Date(inputFiles.now().getTime() + expirySeconds * 1000).toISOString();
  const next = first + limit;
  const items: Parts['items'] = [];
  for (let number = first; number < Math.min(next, count + 1); number += 1) {
    const url = await inputFiles.store.presignPart({ ...multipartOf(upload), number, expirySeconds });
    items.push({ number, size: sizeOfPart(upload, number), url });
  }
  ctx.body = { items, expiresAt, ...(next > count ? {} : { next: String(next) }) } satisfies Parts;
  if (next > count) return;
  const { parts } = describePresigned(upload, publicUrl).links;
  ctx.set('Link', `<${parts}?limit=${limit}&cursor=${next}>; rel="next"`);
}

async function answerComplete(
  ctx: HttpContext,
  { inputFiles, publicUrl }: UploadRouteDeps,
  completions: Completions,
): Promise<void> {
  const { stored, open } = await findAnyUpload(inputFiles, wantedOf(ctx), ctx.state.signal);
  const whole = open === undefined ? stored : await completeOpen(ctx, open, completions);
  if (whole !== undefined) {
    ctx.body = describeUpload(whole, publicUrl);
  } else if (open !== undefined) {
    ctx.status = 202;
    ctx.set('Retry-After', '1');
    ctx.body = describePresigned(open, publicUrl);
  }
}

async function completeOpen(ctx: HttpContext, open: PresignedUpload, completions: Completions) {
  try {
    return await completions.complete(open, waitMillis);
  } catch (error) {
    if (problemOf(error).status >= 500) ctx.set('Retry-After', String(retryAfterSeconds));
    throw error;
  }
}

async function findOpen(
  ctx: HttpContext,
  { inputFiles }: Pick<UploadRouteDeps, 'inputFiles'>,
): Promise<PresignedUpload> {
  const { open } = await findAnyUpload(inputFiles, wantedOf(ctx), ctx.state.signal);
  if (open !== undefined) return open;
  throw new ServiceError('not-found', 'there is no such upload in parts: it is complete');
}

function wantedOf(ctx: HttpContext) {
  return { id: ctx.params['upload'] ?? '', caller: callerOf(ctx) };
}

function readNumber(
  ctx: HttpContext,
  { name, otherwise, most }: { name: 'limit' | 'cursor'; otherwise: number; most: number },
): number {
  const text = ctx.query[name] ?? String(otherwise);
  const number = typeof text === 'string' && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw invalidRequest(name, `a number from 1 to ${most}`);
}
