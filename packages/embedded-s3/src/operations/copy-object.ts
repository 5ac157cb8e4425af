import { mayDo } from '../authenticate.ts';
import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, objectOf, placeObject, type KeptHeaders, type StoredObject } from '../catalog.ts';
import { keptHeaders } from '../kept-headers.ts';
import { checkKey } from '../names.ts';
import { checkCopyPreconditions, checkWritePreconditions } from '../preconditions.ts';
import { headerOf, type StoreRequest } from '../request.ts';
import { holdSegments } from '../segments.ts';
import { StoreError } from '../store-error.ts';
import { leaf, s3Document } from '../xml.ts';
import { largestContent } from './put-object.ts';

/** Copies an object without reading it: both hold the same segments. The ETag stays, also that of a multipart object. */
export function copyObject(call: Call): Answer {
  const { request, caller, state } = call;
  checkKey(request.key);
  const from = readSource(headerOf(request, 'x-amz-copy-source'));
  if (!mayDo(caller, { action: 's3:GetObject', ...from })) throw new StoreError('AccessDenied');
  const bucket = bucketOf(state.catalog, request.bucket);
  const source = objectOf(bucketOf(state.catalog, from.bucket), from.key);
  if (source.size > largestContent)
    throw new StoreError('InvalidRequest', 'Only objects up to 5 GiB can be copied.');
  checkCopyPreconditions(request, source);
  checkWritePreconditions(request, bucket.objects.get(request.key));
  const ontoItself = from.bucket === request.bucket && from.key === request.key;
  const object: StoredObject = {
    ...source,
    modified: state.keyring.now(),
    headers: headersOfCopy(request, source, ontoItself),
  };
  holdSegments(object.segments);
  placeObject(bucket, request.key, object);
  return xmlAnswer(
    s3Document('CopyObjectResult', [
      leaf('LastModified', new Date(object.modified).toISOString()),
      leaf('ETag', `"${object.etag}"`),
    ]),
  );
}

function headersOfCopy(request: StoreRequest, source: StoredObject, ontoItself: boolean): KeptHeaders {
  const directive = headerOf(request, 'x-amz-metadata-directive') || 'COPY';
  if (directive === 'REPLACE') return keptHeaders(request);
  if (directive !== 'COPY')
    throw new StoreError('InvalidArgument', 'x-amz-metadata-directive must be COPY or REPLACE.');
  if (ontoItself) throw new StoreError('InvalidRequest', 'A copy onto itself must replace the metadata.');
  return source.headers;
}

function readSource(header: string): { bucket: string; key: string } {
  const [path = '', version] = header.split('?', 2);
  if (version !== undefined)
    throw new StoreError('NotImplemented', 'Versions of a copy source are not supported.');
  try {
    const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
    if (bucket !== undefined && key !== undefined) return { bucket, key };
  } catch {
    // Said below in the same words.
  }
  throw new StoreError('InvalidArgument', 'x-amz-copy-source must be /<bucket>/<key>, percent-encoded.');
}
