import { randomBytes } from 'node:crypto';
import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, type Upload } from '../catalog.ts';
import { checksumAlgorithms, type ChecksumAlgorithm } from '../digests.ts';
import { keptHeaders } from '../kept-headers.ts';
import { checkKey } from '../names.ts';
import { headerOf, type StoreRequest } from '../request.ts';
import { StoreError } from '../store-error.ts';
import { leaf, s3Document } from '../xml.ts';

const mostUploads = 10_000;

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
    algorithm: checksumAlgorithm(request),
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
  if (upload.algorithm === undefined) return answer;
  const checksum = {
    'x-amz-checksum-algorithm': upload.algorithm.toUpperCase(),
    'x-amz-checksum-type': 'COMPOSITE',
  };
  return { ...answer, headers: { ...answer.headers, ...checksum } };
}

/** Ids sort by time, so a page of a listing continues behind an upload that is gone by then. */
function uploadId(started: number): string {
  return started.toString(16).padStart(12, '0') + randomBytes(18).toString('base64url');
}

function checksumAlgorithm(request: StoreRequest): ChecksumAlgorithm | undefined {
  const name = headerOf(request, 'x-amz-checksum-algorithm').toLowerCase();
  if (name === '' && headerOf(request, 'x-amz-checksum-type') !== '')
    throw new StoreError('InvalidRequest', 'x-amz-checksum-type needs x-amz-checksum-algorithm.');
  return checksumAlgorithms.find((known) => known === name);
}
