import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, type Bucket, type Upload } from '../catalog.ts';
import { compareUtf8 } from '../sorted-index.ts';
import { branch, leaf, s3Document } from '../xml.ts';
import { ownerXml } from './buckets.ts';
import { readListing, type Listing } from './listing.ts';

type Entry = { readonly upload: Upload } | { readonly commonPrefix: string };

/** ListMultipartUploads: the open ones by key, those to one key as they were started. */
export function listUploads(call: Call): Answer {
  const { request, state } = call;
  const bucket = bucketOf(state.catalog, request.bucket);
  const listing = readListing(request.query, 'max-uploads');
  const keyMarker = request.query.get('key-marker') ?? '';
  const idMarker = request.query.get('upload-id-marker') ?? '';
  const entries = rollUp(uploadsBehind(bucket, { keyMarker, idMarker, listing }), listing, keyMarker);
  const page = entries.slice(0, listing.limit);
  const last = entries.length > page.length ? page.at(-1) : undefined;
  return xmlAnswer(
    s3Document('ListMultipartUploadsResult', [
      leaf('Bucket', bucket.name),
      leaf('KeyMarker', listing.encode(keyMarker)),
      leaf('UploadIdMarker', idMarker),
      ...nextMarkers(last, listing),
      leaf('Prefix', listing.encode(listing.prefix)),
      leaf('Delimiter', listing.delimiter === '' ? undefined : listing.encode(listing.delimiter)),
      leaf('EncodingType', listing.encodingType),
      leaf('MaxUploads', listing.limit),
      leaf('IsTruncated', last !== undefined),
      ...page.map((entry) => entryXml(entry, listing)),
    ]),
  );
}

function uploadsBehind(
  bucket: Bucket,
  from: { keyMarker: string; idMarker: string; listing: Listing },
): readonly Upload[] {
  const { keyMarker, idMarker, listing } = from;
  return [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(listing.prefix))
    .filter(({ key, id }) => compareUtf8(key, keyMarker) > 0 || (key === keyMarker && isBehind(id, idMarker)))
    .sort((one, other) => compareUtf8(one.key, other.key) || (one.id < other.id ? -1 : 1));
}

/** Without a marker for the id, the page before has listed all uploads to the key of its marker. */
function isBehind(id: string, marker: string): boolean {
  return marker !== '' && id > marker;
}

function rollUp(uploads: readonly Upload[], listing: Listing, marker: string): Entry[] {
  const { delimiter, prefix } = listing;
  const entries: Entry[] = [];
  let before: string | undefined = marker;
  for (const upload of uploads) {
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    if (end === -1) {
      entries.push({ upload });
      continue;
    }
    const commonPrefix = upload.key.slice(0, end + delimiter.length);
    if (commonPrefix !== before) entries.push({ commonPrefix });
    before = commonPrefix;
  }
  return entries;
}

function nextMarkers(last: Entry | undefined, listing: Listing): string[] {
  if (last === undefined) return [];
  if ('commonPrefix' in last) return [leaf('NextKeyMarker', listing.encode(last.commonPrefix))];
  return [leaf('NextKeyMarker', listing.encode(last.upload.key)), leaf('NextUploadIdMarker', last.upload.id)];
}

function entryXml(entry: Entry, listing: Listing): string {
  if ('commonPrefix' in entry)
    return branch('CommonPrefixes', [leaf('Prefix', listing.encode(entry.commonPrefix))]);
  const { upload } = entry;
  return branch('Upload', [
    leaf('Key', listing.encode(upload.key)),
    leaf('UploadId', upload.id),
    ownerXml('Initiator'),
    ownerXml('Owner'),
    leaf('StorageClass', 'STANDARD'),
    leaf('Initiated', new Date(upload.started).toISOString()),
    leaf('ChecksumAlgorithm', upload.checksum?.algorithm.toUpperCase()),
    leaf('ChecksumType', upload.checksum?.type),
  ]);
}
