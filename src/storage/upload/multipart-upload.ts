import { createHash } from 'node:crypto';
import { ServiceError } from '../../errors.ts';
import {
  askStore,
  crc32Base64,
  etagOf,
  guardHeaders,
  objectPath,
  plainEtag,
  type Payload,
  type StoreAccess,
} from './ask-store.ts';
import { refusal, refusalCode } from './refusal.ts';
import type { Answer } from './send-request.ts';

export interface MultipartUpload {
  key: string;
  uploadId: string;
}

export interface PartToPut extends MultipartUpload {
  number: number;
  payload: Payload;
}

export interface Part {
  number: number;
  etag: string;
  /** Undefined if the upload has no checksums. */
  crc32?: number;
}

export interface UploadToBegin {
  key: string;
  /** Each part comes with its crc32. The signature of an address cannot know it. */
  checksums: boolean;
}

export async function beginUpload(
  store: StoreAccess,
  { key, checksums }: UploadToBegin,
  signal: AbortSignal,
): Promise<MultipartUpload> {
  const headers = {
    'content-type': 'application/octet-stream',
    ...(checksums ? { 'x-amz-checksum-algorithm': 'CRC32' } : {}),
  };
  const request = {
    what: `to begin ${key}`,
    method: 'POST',
    path: objectPath(store, key, '?uploads='),
    headers,
  };
  const answer = await askStore(store, request, signal);
  const uploadId = /<UploadId>([^<]+)<\/UploadId>/.exec(answer.body)?.[1];
  if (uploadId === undefined)
    throw new ServiceError('store-refused', `the store gave no upload id for ${key}`);
  return { key, uploadId };
}

export async function putPart(store: StoreAccess, part: PartToPut, signal: AbortSignal): Promise<Part> {
  const { key, uploadId, number, payload } = part;
  const path = objectPath(store, key, `?partNumber=${number}&uploadId=${encodeURIComponent(uploadId)}`);
  const headers = guardHeaders(payload);
  const request = { what: `part ${number} of ${key}`, method: 'PUT', path, headers, body: payload.bytes };
  return { number, crc32: payload.crc32, etag: etagOf(await askStore(store, request, signal)) };
}

/** Returns the object's ETag. */
export async function completeUpload(
  store: StoreAccess,
  { key, uploadId, parts }: MultipartUpload & { parts: Part[] },
  signal: AbortSignal,
): Promise<string> {
  const what = `to complete ${key}`;
  const path = objectPath(store, key, `?uploadId=${encodeURIComponent(uploadId)}`);
  const headers = { 'content-type': 'application/xml' };
  const body = Buffer.from(completionXml(parts));
  const answer = await askStore(
    store,
    { what, method: 'POST', path, headers, body, accept: [200, 404] },
    signal,
  );
  if (answer.status === 200) return etagInBody(answer);
  // If the answer to an earlier attempt was lost, the upload is gone and the object is there.
  const head = {
    what: `to find ${key}`,
    method: 'HEAD',
    path: objectPath(store, key),
    headers: {},
    accept: [200, 404],
  };
  const there = await askStore(store, head, signal);
  const expected = expectedEtag(parts);
  if (refusalCode(answer) === 'NoSuchUpload' && there.status === 200 && etagOf(there) === expected)
    return expected;
  throw refusal(answer, what);
}

export async function abortUpload(
  store: StoreAccess,
  { key, uploadId }: MultipartUpload,
  signal: AbortSignal,
): Promise<void> {
  const path = objectPath(store, key, `?uploadId=${encodeURIComponent(uploadId)}`);
  const request = { what: `to abort ${key}`, method: 'DELETE', path, headers: {}, accept: [200, 204, 404] };
  await askStore(store, request, signal);
}

function completionXml(parts: Part[]): string {
  const items = parts.map(({ number, etag, crc32 }) => {
    const checksum = crc32 === undefined ? '' : `<ChecksumCRC32>${crc32Base64(crc32)}</ChecksumCRC32>`;
    return `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag>${checksum}</Part>`;
  });
  const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
  return `<CompleteMultipartUpload xmlns="${namespace}">${items.join('')}</CompleteMultipartUpload>`;
}

function etagInBody(answer: Answer): string {
  const etag = /<ETag>([^<]+)<\/ETag>/.exec(answer.body)?.[1];
  return etag === undefined ? etagOf(answer) : plainEtag(etag);
}

/** MD5 over the parts' MD5s, as S3 servers compute it unless they encrypt; then it matches nothing. */
function expectedEtag(parts: Part[]): string {
  const hash = createHash('md5');
  for (const { etag } of parts) hash.update(Buffer.from(etag, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

const mebibyte = 1024 * 1024;

/** The limit of S3. */
export const maxParts = 10_000;

/** A file up to this size is one request; a larger one is uploaded in parts of this size or more. */
export const partBytes = 8 * mebibyte;

/** 8 MiB, or as many whole MiB as keep the file within 10,000 parts. */
export function partSizeOf(fileBytes: number): number {
  const needed = Math.ceil(fileBytes / maxParts / mebibyte) * mebibyte;
  return Math.max(partBytes, needed);
}
