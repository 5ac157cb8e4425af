import { randomBytes } from 'node:crypto';
import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, type Upload } from '../catalog.ts';
import { checksumAlgorithms, type Checksum, type ChecksumAlgorithm } from '../digests.ts';
import { keptHeaders } from '../kept-headers.ts';
import { checkKey } from '../names.ts';
import { headerOf, type StoreRequest } from '../request.ts';
import { StoreError } from '../store-error.ts';
import { leaf, s3Document } from '../xml.ts';

const mostUploads = 10_000;

/** Which types each can have; the first is the one when none is asked for. */
const checksumTypes: Readonly<Record<ChecksumAlgorithm, readonly [Checksum['type'], ...Checksum['type'][]]>> =
  {
    crc32: ['COMPOSITE', 'FULL_OBJECT'],
    crc32c: ['COMPOSITE', 'FULL_OBJECT'],
    sha256: ['COMPOSITE'],
  };

/** CreateMultipartUpload. */
export function createUpload(call: Call): Answer {
  const { request, state } = call;
  checkKey(request.key);
  const bucket = bucketOf(state.catalog, request.bucket);
  if (bucket.uploads.size >= mostUploads)
    throw new StoreError(
      'ServiceUnavailable',
      `There are ${mostUploads} open uploads in the bucket already.`,
    );
  const started = state.keyring.now();
  const upload: Upload = {
    id: uploadId(started),
    key: request.key,
    started,
    headers: keptHeaders(request),
    checksum: checksumWanted(request),
    parts: new Map(),
  };
  bucket.uploads.set(upload.id, upload);
  const answer = xmlAnswer(
    s3Document('InitiateMultipartUploadResult', [
      leaf('Bucket', bucket.name),
      leaf('Key', upload.key),
      leaf('UploadId', upload.id),
    ]),
  );
  if (upload.checksum === undefined) return answer;
  const { algorithm, type } = upload.checksum;
  const told = { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type };
  return { ...answer, headers: { ...answer.headers, ...told } };
}

/** Ids sort by time, so a page of a listing continues behind an upload that is gone by then. */
function uploadId(started: number): string {
  return started.toString(16).padStart(12, '0') + randomBytes(18).toString('base64url');
}

function checksumWanted(request: StoreRequest): Upload['checksum'] {
  const name = headerOf(request, 'x-amz-checksum-algorithm').toLowerCase();
  const type = headerOf(request, 'x-amz-checksum-type').toUpperCase();
  if (name === '') {
    if (type !== '')
      throw new StoreError('InvalidRequest', 'x-amz-checksum-type needs x-amz-checksum-algorithm.');
    return undefined;
  }
  const algorithm = checksumAlgorithms.find((known) => known === name);
  if (algorithm === undefined)
    throw new StoreError(
      'InvalidRequest',
      `x-amz-checksum-algorithm must be one of ${checksumAlgorithms.join(', ')}.`,
    );
  return { algorithm, type: checksumType(algorithm, type) };
}

function checksumType(algorithm: ChecksumAlgorithm, asked: string): Checksum['type'] {
  const types = checksumTypes[algorithm];
  const type = asked === '' ? types[0] : types.find((known) => known === asked);
  if (type === undefined)
    throw new StoreError(
      'InvalidRequest',
      `x-amz-checksum-type of ${algorithm} must be ${types.join(' or ')}.`,
    );
  return type;
}
