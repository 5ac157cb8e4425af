import type { Answer, Call } from '../call.ts';
import { bucketOf, placeObject, type StoredObject } from '../catalog.ts';
import type { Checksum } from '../digests.ts';
import { keptHeaders } from '../kept-headers.ts';
import { checkKey } from '../names.ts';
import { checkWritePreconditions } from '../preconditions.ts';
import { receiveContent, type ReceivedContent } from '../receive.ts';
import { releaseSegments } from '../segments.ts';

/** The largest content of one request, 5 GiB as with S3. */
export const largestContent = 5 * 1024 ** 3;

export async function putObject(call: Call): Promise<Answer> {
  const { request, caller, state } = call;
  checkKey(request.key);
  const headers = keptHeaders(request);
  // Refused before the content is sent when it can be; what counts is the check when it is there.
  checkWritePreconditions(request, bucketOf(state.catalog, request.bucket).objects.get(request.key));
  const content = await receiveContent({
    request,
    caller,
    limit: largestContent,
    directory: state.directory,
    computed: undefined,
  });
  const object: StoredObject = {
    segments: content.segments,
    size: content.size,
    etag: content.md5.toString('hex'),
    modified: state.keyring.now(),
    headers,
    checksum: checksumOf(content),
  };
  try {
    const bucket = bucketOf(state.catalog, request.bucket);
    checkWritePreconditions(request, bucket.objects.get(request.key));
    placeObject(bucket, request.key, object);
  } catch (error) {
    releaseSegments(content.segments);
    throw error;
  }
  return { status: 200, headers: { etag: `"${object.etag}"`, ...checksumHeaders(object.checksum) } };
}

/** A checksum as the headers of an answer tell it. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

function checksumOf(content: ReceivedContent): Checksum | undefined {
  if (content.checksum === undefined) return undefined;
  const { algorithm, value } = content.checksum;
  return { algorithm, type: 'FULL_OBJECT', value: value.toString('base64') };
}
