import type { ReceptionSlots } from '../../../../inbox/reception-slots.ts';
import type { UploadParts } from '../../../../uploads/receive-upload.ts';
import { removePresigned } from '../../../../uploads/presigned-upload.ts';
import { removeUpload } from '../../../../uploads/stored-upload.ts';
import { callerOf } from '../../../access/caller.ts';
import { problemOf } from '../../../problem.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiRoute } from '../api-route.ts';
import { describePresigned, describeUpload } from './describe-upload.ts';
import { findAnyUpload, type AnyUpload } from './find-upload.ts';
import { presignedRoutes } from './presigned-routes.ts';
import { receiveBody } from './receive-body.ts';
import { uploadBody, uploadOperations as operations } from './upload-operations.ts';

export interface UploadRouteDeps {
  inputFiles: UploadParts & { slots: ReceptionSlots };
  publicUrl: string;
  /** Aborts when the service drains. */
  stopping: AbortSignal;
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
        const { stored, open } = await findInPath(ctx, deps);
        const { publicUrl } = deps;
        ctx.body =
          open === undefined ? describeUpload(stored, publicUrl) : describePresigned(open, publicUrl);
      },
    }),
    apiRoute({
      ...{ method: 'DELETE', path: '/uploads/:upload', scope: 'run', operation: remove },
      async handle(ctx) {
        const { stored, open } = await findInPath(ctx, deps);
        const { signal } = ctx.state;
        if (open === undefined) await removeUpload(deps.inputFiles.store, stored.id, signal);
        else await removePresigned(deps.inputFiles, open, signal);
        ctx.status = 204;
      },
    }),
    ...presignedRoutes(deps),
  ];
}

async function findInPath(ctx: HttpContext, { inputFiles }: UploadRouteDeps): Promise<AnyUpload> {
  const { upload: id = '' } = ctx.params;
  return await findAnyUpload(inputFiles, { id, caller: callerOf(ctx) }, ctx.state.signal);
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
