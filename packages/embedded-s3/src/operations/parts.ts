import type { Part, Upload } from '../catalog/catalog.ts';
import { receiveContent } from '../content/receive.ts';
import { releaseSegments } from '../content/segments.ts';
import { xmlAnswer, type Answer } from '../http/answer.ts';
import { StoreError } from '../http/store-error.ts';
import { branch, leaf, s3Document } from '../http/xml.ts';
import { ownerXml } from './buckets.ts';
import { uploadOf, type Call } from './call.ts';
import { readLimit, readListing } from './listing.ts';
import { checksumElement } from './multipart-checksum.ts';

/** How many parts an upload may have. */
export const mostParts = 10_000;

/** UploadPart; a part that is sent again replaces the one before it. */
export async function uploadPart(call: Call): Promise<Answer> {
  const { request, caller, state } = call;
  const number = readPartNumber(request.query.get('partNumber') ?? '');
  const { algorithm } = uploadOf(call);
  const content = await receiveContent({ request, caller, directory: state.directory, computed: algorithm });
  const { segments, size, md5, checksum } = content;
  try {
    // While the content came, the upload may have been completed or aborted.
    const upload = uploadOf(call);
    if (algorithm !== undefined && checksum?.algorithm !== algorithm)
      throw new StoreError(
        'InvalidRequest',
        `The upload was started with ${algorithm}; its parts must use it too.`,
      );
    const sum = algorithm === undefined ? undefined : checksum?.value;
    placePart(upload, number, { segments, size, md5, modified: state.keyring.now(), checksum: sum });
  } catch (error) {
    releaseSegments(segments);
    throw error;
  }
  const headers: Record<string, string> = { etag: `"${md5.toString('hex')}"` };
  if (checksum !== undefined)
    headers[`x-amz-checksum-${checksum.algorithm}`] = checksum.value.toString('base64');
  return { status: 200, headers };
}

/** ListParts, by number. */
export function listParts(call: Call): Answer {
  const { query, bucket } = call.request;
  const upload = uploadOf(call);
  const { encode, encodingType } = readListing(query, 'max-parts');
  const limit = readLimit(query, 'max-parts');
  const marker = readMarker(query.get('part-number-marker') ?? '0');
  const left = [...upload.parts].filter(([number]) => number > marker).sort(([one], [other]) => one - other);
  const page = left.slice(0, limit);
  const more = left.length > page.length && page.length > 0;
  return xmlAnswer(
    s3Document('ListPartsResult', [
      leaf('Bucket', bucket),
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
      ...page.map(([number, part]) => partXml(number, part, upload)),
    ]),
  );
}

function partXml(number: number, part: Part, { algorithm }: Upload): string {
  return branch('Part', [
    leaf('PartNumber', number),
    leaf('LastModified', new Date(part.modified).toISOString()),
    leaf('ETag', `"${part.md5.toString('hex')}"`),
    leaf('Size', part.size),
    algorithm === undefined ? '' : leaf(checksumElement(algorithm), part.checksum?.toString('base64')),
  ]);
}

function placePart(upload: Upload, number: number, part: Part): void {
  const before = upload.parts.get(number);
  upload.parts.set(number, part);
  if (before !== undefined) releaseSegments(before.segments);
}

function readPartNumber(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > mostParts)
    throw new StoreError('InvalidArgument', `partNumber must be 1 to ${mostParts}.`);
  return number;
}

function readMarker(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new StoreError('InvalidArgument', 'part-number-marker must be a number, 0 or more.');
  return Number(text);
}
