import type { Action } from './access/session-policy.ts';
import type { Answer } from './http/answer.ts';
import type { StoreRequest } from './http/request.ts';
import { StoreError } from './http/store-error.ts';
import {
  absentSettings,
  getAbsentSetting,
  getBucketLocation,
  getBucketVersioning,
} from './operations/bucket-settings.ts';
import { createBucket, deleteBucket, headBucket, listBuckets } from './operations/buckets.ts';
import type { Call } from './operations/call.ts';
import { completeUpload } from './operations/complete-upload.ts';
import { copyObject } from './operations/copy-object.ts';
import { deleteObject, deleteObjects } from './operations/delete-object.ts';
import { getObject, responseOverrides } from './operations/get-object.ts';
import { listObjects, listObjectsByMarker, listObjectVersions } from './operations/list-objects.ts';
import { listParts, uploadPart } from './operations/parts.ts';
import { putObject } from './operations/put-object.ts';
import { abortUpload, createUpload, listUploads } from './operations/uploads.ts';

export interface Route {
  /** The method and what the target names: the service (`/`), a bucket or an object. */
  readonly on: `${string} ${'service' | 'bucket' | 'object'}`;
  /** The query parameter or header that selects this route among those with the same target. */
  readonly by?: string;
  /** Further query parameters of this route; any other is refused. */
  readonly query?: readonly string[];
  /** The right that it needs. Without one, the operation checks rights itself. */
  readonly action?: Action;
  /** Whether it reads the body; the others refuse one. */
  readonly takesBody?: boolean;
  readonly run: (call: Call) => Answer | Promise<Answer>;
}

const list = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];

// The first route that fits is used, so the one without `by` is the last of its target.
const routes: readonly Route[] = [
  { on: 'GET service', run: listBuckets },
  { on: 'PUT bucket', action: 's3:CreateBucket', takesBody: true, run: createBucket },
  { on: 'HEAD bucket', action: 's3:ListBucket', run: headBucket },
  { on: 'DELETE bucket', action: 's3:DeleteBucket', run: deleteBucket },
  { on: 'POST bucket', by: 'delete', takesBody: true, run: deleteObjects },
  { on: 'GET bucket', by: 'location', action: 's3:GetBucketLocation', run: getBucketLocation },
  { on: 'GET bucket', by: 'versioning', action: 's3:GetBucketLocation', run: getBucketVersioning },
  ...Object.keys(absentSettings).map((by): Route => ({
    on: 'GET bucket',
    by,
    action: 's3:GetBucketLocation',
    run: getAbsentSetting,
  })),
  {
    on: 'GET bucket',
    by: 'uploads',
    query: ['prefix', 'delimiter', 'max-uploads', 'encoding-type', 'key-marker', 'upload-id-marker'],
    action: 's3:ListBucketMultipartUploads',
    run: listUploads,
  },
  {
    on: 'GET bucket',
    by: 'list-type',
    query: [...list, 'continuation-token', 'start-after', 'fetch-owner'],
    action: 's3:ListBucket',
    run: listObjects,
  },
  {
    on: 'GET bucket',
    by: 'versions',
    query: [...list, 'key-marker', 'version-id-marker'],
    action: 's3:ListBucket',
    run: listObjectVersions,
  },
  { on: 'GET bucket', query: [...list, 'marker'], action: 's3:ListBucket', run: listObjectsByMarker },
  {
    on: 'GET object',
    by: 'uploadId',
    query: ['max-parts', 'part-number-marker', 'encoding-type'],
    action: 's3:ListMultipartUploadParts',
    run: listParts,
  },
  { on: 'GET object', query: responseOverrides, action: 's3:GetObject', run: getObject },
  { on: 'HEAD object', query: responseOverrides, action: 's3:GetObject', run: getObject },
  {
    on: 'PUT object',
    by: 'uploadId',
    query: ['partNumber'],
    action: 's3:PutObject',
    takesBody: true,
    run: uploadPart,
  },
  { on: 'PUT object', by: 'x-amz-copy-source', action: 's3:PutObject', run: copyObject },
  { on: 'PUT object', action: 's3:PutObject', takesBody: true, run: putObject },
  { on: 'POST object', by: 'uploads', action: 's3:PutObject', run: createUpload },
  { on: 'POST object', by: 'uploadId', action: 's3:PutObject', takesBody: true, run: completeUpload },
  { on: 'DELETE object', by: 'uploadId', action: 's3:AbortMultipartUpload', run: abortUpload },
  { on: 'DELETE object', action: 's3:DeleteObject', run: deleteObject },
];

const signatureParameters = [
  'Algorithm',
  'Content-Sha256',
  'Credential',
  'Date',
  'Expires',
  'Security-Token',
  'Signature',
  'SignedHeaders',
];
// `x-id` is the name of the operation, which some clients add for their logs.
const always = new Set([...signatureParameters.map((name) => `X-Amz-${name}`), 'x-id']);

/** Finds the operation of a request. Throws NotImplemented when there is none, or for an unknown parameter. */
export function findRoute(request: StoreRequest): Route {
  const target = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const on = `${request.method} ${target}`;
  const route = routes.find((one) => one.on === on && selects(one, request));
  if (route === undefined) throw new StoreError('NotImplemented', `${on} is not supported.`);
  const known = [route.by, ...(route.query ?? [])];
  const other = [...request.query.keys()].find((name) => !always.has(name) && !known.includes(name));
  if (other !== undefined)
    throw new StoreError('NotImplemented', `${on} with the query parameter ${other} is not supported.`);
  checkSelection(route, request);
  return route;
}

function selects(route: Route, request: StoreRequest): boolean {
  return route.by === undefined || request.query.has(route.by) || request.headers[route.by] !== undefined;
}

function checkSelection(route: Route, request: StoreRequest): void {
  if (request.headers['x-amz-copy-source'] !== undefined && route.run !== copyObject)
    throw new StoreError('NotImplemented', 'A copy source is supported for whole objects alone.');
  if (request.query.has('list-type') && request.query.get('list-type') !== '2')
    throw new StoreError('InvalidArgument', 'list-type must be 2.');
}
