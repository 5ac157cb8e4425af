import type { Bucket } from '../catalog/catalog.ts';
import { listKeys, type KeyEntry, type KeyPage } from '../catalog/list-keys.ts';
import { xmlAnswer, type Answer } from '../http/answer.ts';
import { StoreError } from '../http/store-error.ts';
import { branch, leaf, s3Document } from '../http/xml.ts';
import { ownerXml } from './buckets.ts';
import { bucketOf, type Call } from './call.ts';
import { readListing, type Listing } from './listing.ts';

/** ListObjectsV2. The continuation token is opaque to clients: the last entry of the page before it. */
export function listObjects(call: Call): Answer {
  const { query } = call.request;
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const page = openPage(call, token === undefined ? (startAfter ?? '') : readToken(token));
  const { next } = page;
  return pageAnswer(page, {
    head: [
      leaf('KeyCount', page.entries.length),
      leaf('ContinuationToken', token),
      leaf('NextContinuationToken', next && Buffer.from(next).toString('base64url')),
      leaf('StartAfter', startAfter && page.listing.encode(startAfter)),
    ],
    owner: query.get('fetch-owner') === 'true',
  });
}

/** The first version of ListObjects, which continues from a marker. */
export function listObjectsByMarker(call: Call): Answer {
  const marker = call.request.query.get('marker') ?? '';
  const page = openPage(call, marker);
  const { next, listing } = page;
  const head = [leaf('Marker', listing.encode(marker)), leaf('NextMarker', next && listing.encode(next))];
  return pageAnswer(page, { head, owner: true });
}

/** ListObjectVersions: every object is its own and only version. Tools ask this before they empty a bucket. */
export function listObjectVersions(call: Call): Answer {
  const marker = call.request.query.get('key-marker') ?? '';
  const page = openPage(call, marker);
  const { next, listing } = page;
  const head = [
    leaf('KeyMarker', listing.encode(marker)),
    leaf('NextKeyMarker', next && listing.encode(next)),
  ];
  return pageAnswer(page, { head, owner: true, versions: true });
}

interface Page extends KeyPage {
  readonly bucket: Bucket;
  readonly listing: Listing;
}

function openPage(call: Call, after: string): Page {
  const bucket = bucketOf(call);
  const listing = readListing(call.request.query, 'max-keys');
  return { bucket, listing, ...listKeys(bucket.objects, { ...listing, after }) };
}

interface Form {
  readonly head: readonly string[];
  readonly owner: boolean;
  readonly versions?: boolean;
}

function pageAnswer(page: Page, form: Form): Answer {
  const { prefix, limit, delimiter, encode, encodingType } = page.listing;
  return xmlAnswer(
    s3Document(form.versions === true ? 'ListVersionsResult' : 'ListBucketResult', [
      leaf('Name', page.bucket.name),
      leaf('Prefix', encode(prefix)),
      leaf('MaxKeys', limit),
      leaf('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
      leaf('EncodingType', encodingType),
      leaf('IsTruncated', page.next !== undefined),
      ...form.head,
      ...page.entries.map((entry) => entryXml(page, entry, form)),
    ]),
  );
}

function entryXml({ bucket, listing }: Page, entry: KeyEntry, form: Form): string {
  const { encode } = listing;
  if ('commonPrefix' in entry) return branch('CommonPrefixes', [leaf('Prefix', encode(entry.commonPrefix))]);
  const object = bucket.objects.get(entry.key);
  if (object === undefined) return '';
  const { checksum } = object;
  return branch(form.versions === true ? 'Version' : 'Contents', [
    leaf('Key', encode(entry.key)),
    ...(form.versions === true ? [leaf('VersionId', 'null'), leaf('IsLatest', true)] : []),
    leaf('LastModified', new Date(object.modified).toISOString()),
    leaf('ETag', `"${object.etag}"`),
    leaf('Size', object.size),
    leaf('StorageClass', 'STANDARD'),
    leaf('ChecksumAlgorithm', checksum?.algorithm.toUpperCase()),
    leaf('ChecksumType', checksum?.type),
    form.owner ? ownerXml('Owner') : '',
  ]);
}

function readToken(token: string): string {
  const after = Buffer.from(token, 'base64url');
  if (after.length === 0 || after.toString('base64url') !== token)
    throw new StoreError('InvalidArgument', 'The continuation token is not one this store gave.');
  return after.toString();
}
