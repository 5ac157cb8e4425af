import type { Answer, Call } from '../call.ts';
import { bucketOf, uploadOf, type Part, type Upload } from '../catalog.ts';
import { receiveContent } from '../receive.ts';
import { releaseSegments } from '../segments.ts';
import { StoreError } from '../store-error.ts';
import { largestContent } from './put-object.ts';

const mostParts = 10_000;

/** UploadPart; a part that is sent again replaces the one before it. */
export async function uploadPart(call: Call): Promise<Answer> {
  const { request, caller, state } = call;
  const number = readPartNumber(request.query.get('partNumber') ?? '');
  const id = request.query.get('uploadId') ?? '';
  const { algorithm } = uploadOf(bucketOf(state.catalog, request.bucket), request.key, id);
  const limit = largestContent;
  const content = await receiveContent({
    request,
    caller,
    limit,
    directory: state.directory,
    computed: algorithm,
  });
  try {
    // While the content came, the upload may have been completed or aborted.
    const upload = uploadOf(bucketOf(state.catalog, request.bucket), request.key, id);
    if (algorithm !== undefined && content.checksum?.algorithm !== algorithm)
      throw new StoreError(
        'InvalidRequest',
        `The upload was started with ${algorithm}; its parts must use it too.`,
      );
    placePart(upload, number, {
      segments: content.segments,
      size: content.size,
      md5: content.md5,
      modified: state.keyring.now(),
      checksum: algorithm === undefined ? undefined : content.checksum?.value,
    });
  } catch (error) {
    releaseSegments(content.segments);
    throw error;
  }
  return {
    status: 200,
    headers: { etag: `"${content.md5.toString('hex')}"`, ...checksumHeader(content.checksum) },
  };
}

function placePart(upload: Upload, number: number, part: Part): void {
  const before = upload.parts.get(number);
  upload.parts.set(number, part);
  if (before !== undefined) releaseSegments(before.segments);
}

function checksumHeader(checksum: { algorithm: string; value: Buffer } | undefined): Record<string, string> {
  return checksum === undefined
    ? {}
    : { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value.toString('base64') };
}

function readPartNumber(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > mostParts)
    throw new StoreError('InvalidArgument', `partNumber must be 1 to ${mostParts}.`);
  return number;
}
