import type { Caller, Keyring } from '../access/authenticate.ts';
import { findBucket, type Bucket, type Catalog, type Upload } from '../catalog/catalog.ts';
import type { StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';

/** What all requests share. */
export interface StoreState {
  readonly catalog: Catalog;
  readonly directory: string;
  readonly keyring: Keyring;
}

/** A request whose sender is verified and may do what it asks. */
export interface Call {
  readonly request: StoreRequest;
  readonly caller: Caller;
  readonly state: StoreState;
}

/** The bucket that the request names. */
export function bucketOf({ request, state }: Call): Bucket {
  return findBucket(state.catalog, request.bucket);
}

/** The open upload that the request names, if it is one to the key of the request. */
export function uploadOf(call: Call): Upload {
  const upload = bucketOf(call).uploads.get(call.request.query.get('uploadId') ?? '');
  if (upload?.key !== call.request.key) throw new StoreError('NoSuchUpload');
  return upload;
}
