import { ServiceError } from '../../../../errors.ts';
import type { ReceptionSlots } from '../../../../inbox/reception-slots.ts';
import { readUploadHead, type UploadHead } from '../../../../inbox/read-upload-head.ts';
import { receiveUpload, type UploadParts } from '../../../../uploads/receive-upload.ts';
import type { StoredUpload } from '../../../../uploads/stored-upload.ts';
import { callerOf } from '../../../access/caller.ts';
import { problemOf } from '../../../problem.ts';
import type { HttpContext, Route } from '../../../route.ts';
import { apiPrefix, apiRoute } from '../api-route.ts';
import { uploadBody, uploadOperations as operations } from './upload-operations.ts';
import type { Upload } from './upload-schema.ts';

export interface UploadRouteDeps {
  inputFiles: UploadParts & { slots: ReceptionSlots };
  publicUrl: string;
}

export function uploadRoutes(deps: UploadRouteDeps): Route[] {
  return [
    apiRoute({
      ...{ method: 'POST', path: '/uploads', scope: 'run', deadline: 'exempt', body: uploadBody },
      operation: operations.create,
      handle: (ctx) => answerCreate(ctx, deps),
    }),
  ];
}

/** An estimate of the time until another upload ends. */
const retryAfterSeconds = 10;

async function answerCreate(ctx: HttpContext, deps: UploadRouteDeps): Promise<void> {
  const { signal } = ctx.state;
  const { slots } = deps.inputFiles;
  const head = readHead(ctx);
  const file = { head, mediaType: readMediaType(ctx), caller: callerOf(ctx).name, body: ctx.req };
  try {
    const stored = await slots.with(() => receiveUpload(deps.inputFiles, file, signal));
    const { id, size } = stored;
    ctx.state.logged = { upload: id, bytes: size };
    const upload = describeUpload(stored, deps.publicUrl);
    ctx.status = 201;
    ctx.set('Location', upload.links.self);
    ctx.body = upload;
  } catch (error) {
    if (problemOf(error).status >= 500) ctx.set('Retry-After', String(retryAfterSeconds));
    throw error;
  }
}

/** `?name=` goes before Content-Disposition. */
function readHead({ req, query: { name } }: HttpContext): UploadHead {
  if (Array.isArray(name)) throw refused('name', 'one name');
  if (name === undefined) return readUploadHead(req.headers, '');
  const headers = { ...req.headers, 'content-disposition': undefined };
  return readUploadHead(headers, encodeURIComponent(name.toWellFormed()));
}

const longestType = 255;

function readMediaType(ctx: HttpContext): string {
  const type = ctx.get('Content-Type');
  if (type === '') return 'application/octet-stream';
  if (type.length <= longestType && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;.*)?$/.test(type)) return type;
  throw refused('Content-Type', `a media type of at most ${longestType} characters`);
}

function refused(field: string, expected: string): ServiceError {
  return new ServiceError('invalid-request', `${field}: expected ${expected}`, { field });
}

function describeUpload(upload: StoredUpload, publicUrl: string): Upload {
  const { id, name, mediaType, size, sha256, caller, createdAt, expiresAt } = upload;
  const links = { self: `${publicUrl}${apiPrefix}/uploads/${id}` };
  return { id, name, mediaType, size, sha256, caller, createdAt, expiresAt, links };
}
