import type { IncomingHttpHeaders } from 'node:http';
import { invalidRequest, ServiceError, type ErrorCode } from '../errors.ts';
import { nameOfFile } from '../transfer/file-name.ts';

/** What a request to an inbox says of its body. */
export interface UploadHead {
  /** One segment of a path. */
  name: string;
  /** Undefined: the end of the body says it. */
  size: number | undefined;
  digest: Digest | undefined;
}

interface Digest {
  /** The header that says it. */
  field: string;
  /** Hex. */
  sha256: string;
}

/** `rest` is the path behind the inbox, still encoded. Throws for a body that is not a whole file as it is. */
export function readUploadHead(headers: IncomingHttpHeaders, rest: string): UploadHead {
  const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers;
  if (encoding !== 'identity')
    throw refused('unsupported-media-type', 'Content-Encoding', 'identity, or no such header');
  if (headers['content-range'] !== undefined)
    throw refused('invalid-request', 'Content-Range', 'no such header, since a file is sent whole');
  if ((headers['upload-complete'] ?? '?1') !== '?1')
    throw refused('invalid-request', 'Upload-Complete', '?1, since a file is sent whole');
  return {
    name: nameOfFile(headers, `http://inbox/${rest}`),
    size: length === undefined ? undefined : Number(length),
    digest: readDigest('Repr-Digest', headers) ?? readDigest('Content-Digest', headers),
  };
}

/** Throws `invalid-request` if the body is not the one that its sender has described. */
export function checkDigest({ digest }: Pick<UploadHead, 'digest'>, body: { sha256(): string }): void {
  if (digest === undefined || digest.sha256 === body.sha256()) return;
  throw invalidRequest(digest.field, 'the digest of the body');
}

/** RFC 9530; other algorithms than this one are not checked. */
function readDigest(field: string, headers: IncomingHttpHeaders): Digest | undefined {
  const value = headers[field.toLowerCase()];
  if (typeof value !== 'string' || !/(^|,)\s*sha-256\s*=/.test(value)) return undefined;
  const [, , encoded = ''] = /(^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/]{43}=):/.exec(value) ?? [];
  if (encoded === '') throw refused('invalid-request', field, 'sha-256=:<base64 of 32 bytes>:');
  return { field, sha256: Buffer.from(encoded, 'base64').toString('hex') };
}

function refused(code: ErrorCode, field: string, expected: string): ServiceError {
  return new ServiceError(code, `${field}: expected ${expected}`, { field });
}
