import { randomBytes } from 'node:crypto';
import { removeUpload, type Bucket, type Upload } from '../catalog/catalog.ts';
import { checkKey } from '../catalog/names.ts';
import { compareUtf8 } from '../catalog/sorted-index.ts';
import { checksumAlgorithms, type ChecksumAlgorithm } from '../content/digests.ts';
import { xmlAnswer, type Answer } from '../http/answer.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { branch, leaf, s3Document } from '../http/xml.ts';
import { ownerXml } from './buckets.ts';
import { bucketOf, uploadOf, type Call } from './call.ts';
import { keptHeaders } from './kept-headers.ts';
import { readListing, type Listing } from './listing.ts';

const mostUploads = 10_000;

/** CreateMultipartUpload. */
export function createUpload(call: Call): Answer {
  const { request, state } = call;
  checkKey(request.key);
  const bucket = bucketOf(call);
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

/** AbortMultipartUpload: removes the upload and its parts. */
export function abortUpload(call: Call): Answer {
  removeUpload(bucketOf(call), uploadOf(call));
  return { status: 204 };
}

/** ListMultipartUploads: the open ones by key, those to one key as they were started. */
export function listUploads(call: Call): Answer {
  const { query } = call.request;
  const bucket = bucketOf(call);
  const listing = readListing(query, 'max-uploads');
  if (listing.delimiter !== '')
    throw new StoreError('NotImplemented', 'A listing of uploads takes no delimiter; list them by prefix.');
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const uploads = uploadsBehind(bucket, { keyMarker, idMarker, prefix: listing.prefix });
  const page = uploads.slice(0, listing.limit);
  const last = uploads.length > page.length ? page.at(-1) : undefined;
  return xmlAnswer(
    s3Document('ListMultipartUploadsResult', [
      leaf('Bucket', bucket.name),
      leaf('KeyMarker', listing.encode(keyMarker)),
      leaf('UploadIdMarker', idMarker),
      leaf('NextKeyMarker', last === undefined ? undefined : listing.encode(last.key)),
      leaf('NextUploadIdMarker', last?.id),
      leaf('Prefix', listing.encode(listing.prefix)),
      leaf('EncodingType', listing.encodingType),
      leaf('MaxUploads', listing.limit),
      leaf('IsTruncated', last !== undefined),
      ...page.map((upload) => uploadXml(upload, listing)),
    ]),
  );
}

/** Ids sort by time, so that a listing can continue behind an upload that is gone. */
function uploadId(started: number): string {
  return started.toString(16).padStart(12, '0') + randomBytes(18).toString('base64url');
}

function checksumAlgorithm(request: StoreRequest): ChecksumAlgorithm | undefined {
  const name = headerOf(request, 'x-amz-checksum-algorithm').toLowerCase();
  if (name === '' && headerOf(request, 'x-amz-checksum-type') !== '')
    throw new StoreError('InvalidRequest', 'x-amz-checksum-type needs x-amz-checksum-algorithm.');
  return checksumAlgorithms.find((known) => known === name);
}

function uploadsBehind(
  bucket: Bucket,
  from: { keyMarker: string; idMarker: string; prefix: string },
): readonly Upload[] {
  const { keyMarker, idMarker, prefix } = from;
  return [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .filter(({ key, id }) => compareUtf8(key, keyMarker) > 0 || (key === keyMarker && isBehind(id, idMarker)))
    .sort((one, other) => compareUtf8(one.key, other.key) || (one.id < other.id ? -1 : 1));
}

/** Without a marker for the id, the page before has listed all uploads to the key of its marker. */
function isBehind(id: string, marker: string): boolean {
  return marker !== '' && id > marker;
}

function uploadXml(upload: Upload, listing: Listing): string {
  return branch('Upload', [
    leaf('Key', listing.encode(upload.key)),
    leaf('UploadId', upload.id),
    ownerXml('Initiator'),
    ownerXml('Owner'),
    leaf('StorageClass', 'STANDARD'),
    leaf('Initiated', new Date(upload.started).toISOString()),
    leaf('ChecksumAlgorithm', upload.algorithm?.toUpperCase()),
    leaf('ChecksumType', upload.algorithm && 'COMPOSITE'),
  ]);
}
