import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, type Bucket, type Upload } from '../catalog.ts';
import { compareUtf8 } from '../sorted-index.ts';
import { StoreError } from '../store-error.ts';
import { branch, leaf, s3Document } from '../xml.ts';
import { ownerXml } from './buckets.ts';
import { readListing, type Listing } from './listing.ts';

/** ListMultipartUploads: the open ones by key, those to one key as they were started. */
export function listUploads(call: Call): Answer {
  const { request, state } = call;
  const bucket = bucketOf(state.catalog, request.bucket);
  const listing = readListing(request.query, 'max-uploads');
  if (listing.delimiter !== '')
    throw new StoreError('NotImplemented', 'A listing of uploads takes no delimiter; list them by prefix.');
  const keyMarker = request.query.get('key-marker') ?? '';
  const idMarker = request.query.get('upload-id-marker') ?? '';
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
