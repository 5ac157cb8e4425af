import type { Answer, Call } from '../call.ts';
import { bucketOf, removeUpload, uploadOf } from '../catalog.ts';

/** AbortMultipartUpload: the upload and its parts go. */
export function abortUpload(call: Call): Answer {
  const { request, state } = call;
  const bucket = bucketOf(state.catalog, request.bucket);
  removeUpload(bucket, uploadOf(bucket, request.key, request.query.get('uploadId') ?? ''));
  return { status: 204 };
}
