import { mayDo } from '../access/authenticate.ts';
import {
  findBucket,
  findObject,
  placeObject,
  type KeptHeaders,
  type StoredObject,
} from '../catalog/catalog.ts';
import { checkKey } from '../catalog/names.ts';
import { largestContent } from '../content/receive.ts';
import { holdSegments } from '../content/segments.ts';
import { xmlAnswer, type Answer } from '../http/answer.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { leaf, s3Document } from '../http/xml.ts';
import { bucketOf, type Call } from './call.ts';
import { keptHeaders } from './kept-headers.ts';
import { checkCopyPreconditions, checkWritePreconditions } from './preconditions.ts';

/** Copies an object without reading it: both hold the same segments and have the same ETag. */
export function copyObject(call: Call): Answer {
  const { request, caller, state } = call;
  checkKey(request.key);
  const from = readSource(headerOf(request, 'x-amz-copy-source'));
  if (!mayDo(caller, { action: 's3:GetObject', ...from })) throw new StoreError('AccessDenied');
  const bucket = bucketOf(call);
  const source = findObject(findBucket(state.catalog, from.bucket), from.key);
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
  let source: string;
  try {
    source = decodeURIComponent(path);
  } catch {
    source = '';
  }
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(source) ?? [];
  if (bucket === undefined || key === undefined)
    throw new StoreError('InvalidArgument', 'x-amz-copy-source must be /<bucket>/<key>, percent-encoded.');
  return { bucket, key };
}
