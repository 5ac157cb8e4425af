import { partCountOf, type PresignedUpload } from '../../../../uploads/presigned-upload.ts';
import type { StoredUpload } from '../../../../uploads/stored-upload.ts';
import { apiPrefix } from '../api-route.ts';
import type { PresignedDescription } from './presigned-schema.ts';
import type { Upload } from './upload-schema.ts';

export function describeUpload(upload: StoredUpload, publicUrl: string): Upload {
  const { id, name, mediaType, size, sha256, caller, createdAt, expiresAt } = upload;
  const links = { self: addressOf(id, publicUrl) };
  return { id, name, mediaType, size, sha256, caller, createdAt, expiresAt, links };
}

/** Without the store's own id of it. */
export function describePresigned(upload: PresignedUpload, publicUrl: string): PresignedDescription {
  const { id, name, mediaType, size, sha256, caller, createdAt, expiresAt, partSize } = upload;
  const self = addressOf(id, publicUrl);
  return {
    ...{ id, name, mediaType, size },
    ...(sha256 === undefined ? {} : { sha256 }),
    ...{ caller, createdAt, expiresAt, partSize, partCount: partCountOf(upload) },
    links: { self, parts: `${self}/parts`, complete: `${self}/complete` },
  };
}

function addressOf(id: string, publicUrl: string): string {
  return `${publicUrl}${apiPrefix}/uploads/${id}`;
}
