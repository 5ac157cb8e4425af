import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, uploadOf } from '../catalog.ts';
import { checksumElement } from '../multipart-checksum.ts';
import { StoreError } from '../store-error.ts';
import { branch, leaf, s3Document } from '../xml.ts';
import { ownerXml } from './buckets.ts';
import { readLimit, readListing } from './listing.ts';

/** ListParts, by number. */
export function listParts(call: Call): Answer {
  const { request, state } = call;
  const { query } = request;
  const upload = uploadOf(bucketOf(state.catalog, request.bucket), request.key, query.get('uploadId') ?? '');
  const { encode, encodingType } = readListing(query, 'max-parts');
  const limit = readLimit(query, 'max-parts');
  const marker = readMarker(query.get('part-number-marker') ?? '0');
  const left = [...upload.parts].filter(([number]) => number > marker).sort(([one], [other]) => one - other);
  const page = left.slice(0, limit);
  const more = left.length > page.length && page.length > 0;
  return xmlAnswer(
    s3Document('ListPartsResult', [
      leaf('Bucket', request.bucket),
      leaf('Key', encode(upload.key)),
      leaf('EncodingType', encodingType),
      leaf('UploadId', upload.id),
      ownerXml('Initiator'),
      ownerXml('Owner'),
      leaf('StorageClass', 'STANDARD'),
      leaf('PartNumberMarker', marker),
      leaf('NextPartNumberMarker', more ? page.at(-1)?.[0] : undefined),
      leaf('MaxParts', limit),
      leaf('IsTruncated', more),
      leaf('ChecksumAlgorithm', upload.algorithm?.toUpperCase()),
      leaf('ChecksumType', upload.algorithm && 'COMPOSITE'),
      ...page.map(([number, part]) =>
        branch('Part', [
          leaf('PartNumber', number),
          leaf('LastModified', new Date(part.modified).toISOString()),
          leaf('ETag', `"${part.md5.toString('hex')}"`),
          leaf('Size', part.size),
          upload.algorithm === undefined
            ? ''
            : leaf(checksumElement(upload.algorithm), part.checksum?.toString('base64')),
        ]),
      ),
    ]),
  );
}

function readMarker(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new StoreError('InvalidArgument', 'part-number-marker must be a number, 0 or more.');
  return Number(text);
}
