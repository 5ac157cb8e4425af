import type { IncomingMessage } from 'node:http';
import { invalidRequest, ServiceError } from '../../../../errors.ts';
import { readUploadHead, type UploadHead } from '../../../../inbox/read-upload-head.ts';
import { readForm, type FormPart } from '../../../../uploads/read-form.ts';
import { receiveUpload, type UploadParts } from '../../../../uploads/receive-upload.ts';
import { discardUploads, type StoredUpload } from '../../../../uploads/stored-upload.ts';

export interface IncomingUpload {
  request: IncomingMessage;
  /** Of the query. */
  name: string | string[] | undefined;
  caller: string;
}

/** The body is the file, or a form with one file. */
export async function receiveBody(
  parts: UploadParts,
  incoming: IncomingUpload,
  signal: AbortSignal,
): Promise<StoredUpload> {
  const { request, name, caller } = incoming;
  const { 'content-type': type = '' } = request.headers;
  if (/^multipart\/form-data\s*;/i.test(type)) return await receiveForm(parts, incoming, signal);
  const head = readHead(request, name);
  return await receiveUpload(parts, { head, mediaType: readType(type), caller, body: request }, signal);
}

/** `?name=` goes before Content-Disposition. */
function readHead({ headers }: Pick<IncomingMessage, 'headers'>, name: IncomingUpload['name']): UploadHead {
  if (Array.isArray(name)) throw invalidRequest('name', 'one name');
  if (name === undefined) return readUploadHead(headers, '');
  return readUploadHead(
    { ...headers, 'content-disposition': undefined },
    encodeURIComponent(name.toWellFormed()),
  );
}

const longestType = 255;

function readType(type: string): string {
  if (type === '') return 'application/octet-stream';
  if (type.length <= longestType && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(;.*)?$/.test(type)) return type;
  throw invalidRequest('Content-Type', `a media type of at most ${longestType} characters`);
}

async function receiveForm(
  parts: UploadParts,
  { request, name, caller }: IncomingUpload,
  signal: AbortSignal,
): Promise<StoredUpload> {
  checkForm(request, parts.limits.maxBytes);
  const { clock, limits } = parts;
  const stored: StoredUpload[] = [];
  try {
    for await (const part of readForm({ request, clock, idleMillis: limits.idleMillis }, signal)) {
      if (!part.isFile) throw invalidRequest(part.field, 'a file');
      if (stored.length > 0) throw invalidRequest(part.field, 'no second file in this form');
      stored.push(await receiveUpload(parts, fileOf(part, { name, caller }), signal));
    }
    const [upload] = stored;
    if (upload === undefined) throw invalidRequest('body', 'a form with one file');
    return upload;
  } catch (error) {
    await discardUploads(
      parts.store,
      stored.map(({ id }) => id),
    );
    throw error;
  }
}

/** Of the boundaries and descriptions around a file. */
const formBytes = 65_536;

function checkForm(request: IncomingMessage, maxBytes: number): void {
  const { size = 0, digest } = readUploadHead(request.headers, '');
  if (digest !== undefined) throw invalidRequest(digest.field, 'no such header with a form');
  if (size <= maxBytes + formBytes) return;
  throw new ServiceError('payload-too-large', `expected at most ${maxBytes} bytes (uploads.maxBytes)`);
}

/** The file of a part; `name` goes before its own. */
export function fileOf(
  { disposition, mediaType = '', body }: FormPart,
  { name, caller }: Pick<IncomingUpload, 'name' | 'caller'>,
) {
  const headers = { 'content-disposition': disposition };
  const head = readHead({ headers }, name);
  return { head, mediaType: readType(mediaType), caller, body };
}
