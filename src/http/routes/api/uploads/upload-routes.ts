import type { ReceptionSlots } from '../../../../inbox/reception-slots.ts';
import type { UploadParts } from '../../../../uploads/receive-upload.ts';
import { removeUpload, type StoredUpload } from '../../../../uploads/stored-upload.ts';
import { callerOf } from '../../../access/caller.ts';
import { problemOf } from '../../../problem.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiPrefix, apiRoute } from '../api-route.ts';
import { findUpload } from './find-upload.ts';
import { receiveBody } from './receive-body.ts';
import { uploadBody, uploadOperations as operations } from './upload-operations.ts';
import type { Upload } from './upload-schema.ts';

export interface UploadRouteDeps {
  inputFiles: UploadParts & { slots: ReceptionSlots };
  publicUrl: string;
}

export function uploadRoutes(deps: UploadRouteDeps): Route[] {
  const { create, get, delete: remove } = operations;
  return [
    apiRoute({
      ...{ method: 'POST', path: '/uploads', scope: 'run', deadline: 'exempt', body: uploadBody },
      operation: create,
      handle: (ctx) => answerCreate(ctx, deps),
    }),
    apiRoute({
      ...{ method: 'GET', path: '/uploads/:upload', scope: 'run', operation: get },
      async handle(ctx) {
        ctx.body = describeUpload(await findInPath(ctx, deps), deps.publicUrl);
      },
    }),
    apiRoute({
      ...{ method: 'DELETE', path: '/uploads/:upload', scope: 'run', operation: remove },
      async handle(ctx) {
        const { id } = await findInPath(ctx, deps);
        await removeUpload(deps.inputFiles.store, id, ctx.state.signal);
        ctx.status = 204;
      },
    }),
  ];
}

async function findInPath(ctx: HttpContext, { inputFiles }: UploadRouteDeps): Promise<StoredUpload> {
  const { upload: id = '' } = ctx.params;
  return await findUpload(inputFiles, { id, caller: callerOf(ctx) }, ctx.state.signal);
}

/** An estimate of the time until another upload ends. */
const retryAfterSeconds = 10;

async function answerCreate(ctx: HttpContext, { inputFiles, publicUrl }: UploadRouteDeps): Promise<void> {
  const { signal } = ctx.state;
  const incoming = { request: ctx.req, name: ctx.query['name'], caller: callerOf(ctx).name };
  try {
    const stored = await inputFiles.slots.with(() => receiveBody(inputFiles, incoming, signal));
    ctx.state.logged = { upload: stored.id, bytes: stored.size };
    const upload = describeUpload(stored, publicUrl);
    ctx.status = 201;
    ctx.set('Location', upload.links.self);
    ctx.body = upload;
  } catch (error) {
    if (problemOf(error).status >= 500) ctx.set('Retry-After', String(retryAfterSeconds));
    throw error;
  }
}

function describeUpload(upload: StoredUpload, publicUrl: string): Upload {
  const { id, name, mediaType, size, sha256, caller, createdAt, expiresAt } = upload;
  const links = { self: `${publicUrl}${apiPrefix}/uploads/${id}` };
  return { id, name, mediaType, size, sha256, caller, createdAt, expiresAt, links };
}
