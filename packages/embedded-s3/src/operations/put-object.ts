import { placeObject, type StoredObject } from '../catalog/catalog.ts';
import { checkKey } from '../catalog/names.ts';
import type { Checksum } from '../content/digests.ts';
import { receiveContent, type ReceivedContent } from '../content/receive.ts';
import { releaseSegments } from '../content/segments.ts';
import type { Answer } from '../http/answer.ts';
import { bucketOf, type Call } from './call.ts';
import { keptHeaders } from './kept-headers.ts';
import { checkWritePreconditions } from './preconditions.ts';

export async function putObject(call: Call): Promise<Answer> {
  const { request, caller, state } = call;
  checkKey(request.key);
  const headers = keptHeaders(request);
  // Refuses before the content is sent where that is possible; the check after it decides.
  checkWritePreconditions(request, bucketOf(call).objects.get(request.key));
  const content = await receiveContent({ request, caller, directory: state.directory });
  const object: StoredObject = {
    segments: content.segments,
    size: content.size,
    etag: content.md5.toString('hex'),
    modified: state.keyring.now(),
    headers,
    checksum: checksumOf(content),
  };
  try {
    const bucket = bucketOf(call);
    checkWritePreconditions(request, bucket.objects.get(request.key));
    placeObject(bucket, request.key, object);
  } catch (error) {
    releaseSegments(content.segments);
    throw error;
  }
  return { status: 200, headers: { etag: `"${object.etag}"`, ...checksumHeaders(object.checksum) } };
}

/** The headers of an answer that give the checksum. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

function checksumOf(content: ReceivedContent): Checksum | undefined {
  if (content.checksum === undefined) return undefined;
  const { algorithm, value } = content.checksum;
  return { algorithm, type: 'FULL_OBJECT', value: value.toString('base64') };
}
