import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, type Bucket, type StoredObject } from '../catalog.ts';
import { listKeys, type KeyEntry, type KeyPage } from '../list-keys.ts';
import { StoreError } from '../store-error.ts';
import { branch, leaf, s3Document } from '../xml.ts';
import { ownerXml } from './buckets.ts';
import { readListing, type Listing } from './listing.ts';

/** ListObjectsV2. The continuation token is opaque to clients: the last entry of the page before it. */
export function listObjects(call: Call): Answer {
  const { request } = call;
  const bucket = bucketOf(call.state.catalog, request.bucket);
  const listing = readListing(request.query, 'max-keys');
  const token = request.query.get('continuation-token');
  const startAfter = request.query.get('start-after');
  const after = token === undefined ? (startAfter ?? '') : readToken(token);
  const page = listKeys(bucket.objects, { ...listing, after });
  return xmlAnswer(
    s3Document('ListBucketResult', [
      ...headOf(bucket, listing, page),
      leaf('KeyCount', page.entries.length),
      leaf('ContinuationToken', token),
      leaf(
        'NextContinuationToken',
        page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
      ),
      leaf('StartAfter', startAfter === undefined ? undefined : listing.encode(startAfter)),
      ...entriesXml(bucket, { listing, page, owner: request.query.get('fetch-owner') === 'true' }),
    ]),
  );
}

/** The first version of ListObjects, which goes on from a marker. */
export function listObjectsByMarker(call: Call): Answer {
  const { request } = call;
  const bucket = bucketOf(call.state.catalog, request.bucket);
  const listing = readListing(request.query, 'max-keys');
  const marker = request.query.get('marker') ?? '';
  const page = listKeys(bucket.objects, { ...listing, after: marker });
  return xmlAnswer(
    s3Document('ListBucketResult', [
      ...headOf(bucket, listing, page),
      leaf('Marker', listing.encode(marker)),
      leaf('NextMarker', page.next === undefined ? undefined : listing.encode(page.next)),
      ...entriesXml(bucket, { listing, page, owner: true }),
    ]),
  );
}

/** ListObjectVersions of a bucket that keeps none: every object is its own and only version. Tools ask this before they empty a bucket. */
export function listObjectVersions(call: Call): Answer {
  const { request } = call;
  const bucket = bucketOf(call.state.catalog, request.bucket);
  const listing = readListing(request.query, 'max-keys');
  const marker = request.query.get('key-marker') ?? '';
  const page = listKeys(bucket.objects, { ...listing, after: marker });
  return xmlAnswer(
    s3Document('ListVersionsResult', [
      ...headOf(bucket, listing, page),
      leaf('KeyMarker', listing.encode(marker)),
      leaf('NextKeyMarker', page.next === undefined ? undefined : listing.encode(page.next)),
      ...entriesXml(bucket, { listing, page, owner: true, versions: true }),
    ]),
  );
}

function headOf(bucket: Bucket, listing: Listing, page: KeyPage): string[] {
  return [
    leaf('Name', bucket.name),
    leaf('Prefix', listing.encode(listing.prefix)),
    leaf('MaxKeys', listing.limit),
    leaf('Delimiter', listing.delimiter === '' ? undefined : listing.encode(listing.delimiter)),
    leaf('EncodingType', listing.encodingType),
    leaf('IsTruncated', page.next !== undefined),
  ];
}

interface EntryForm {
  readonly listing: Listing;
  readonly page: KeyPage;
  readonly owner: boolean;
  readonly versions?: boolean;
}

function entriesXml(bucket: Bucket, form: EntryForm): string[] {
  return form.page.entries.map((entry) => entryXml(bucket, entry, form));
}

function entryXml(bucket: Bucket, entry: KeyEntry, form: EntryForm): string {
  const { encode } = form.listing;
  if ('commonPrefix' in entry) return branch('CommonPrefixes', [leaf('Prefix', encode(entry.commonPrefix))]);
  const object = bucket.objects.get(entry.key);
  if (object === undefined) return '';
  const versions = form.versions === true;
  return branch(versions ? 'Version' : 'Contents', [
    leaf('Key', encode(entry.key)),
    ...(versions ? [leaf('VersionId', 'null'), leaf('IsLatest', true)] : []),
    ...objectXml(object),
    form.owner ? ownerXml('Owner') : '',
  ]);
}

function objectXml(object: StoredObject): string[] {
  const { checksum } = object;
  return [
    leaf('LastModified', new Date(object.modified).toISOString()),
    leaf('ETag', `"${object.etag}"`),
    leaf('Size', object.size),
    leaf('StorageClass', 'STANDARD'),
    leaf('ChecksumAlgorithm', checksum?.algorithm.toUpperCase()),
    leaf('ChecksumType', checksum?.type),
  ];
}

function readToken(token: string): string {
  const after = Buffer.from(token, 'base64url');
  if (after.length === 0 || after.toString('base64url') !== token)
    throw new StoreError('InvalidArgument', 'The continuation token is not one this store gave.');
  return after.toString();
}
