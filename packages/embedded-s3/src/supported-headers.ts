import { headerOf, type StoreRequest } from './request.ts';
import { StoreError } from './store-error.ts';

const supported = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-checksum-crc32',
  'x-amz-checksum-crc32c',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-mode',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
  'x-amz-checksum-type',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-metadata-directive',
  'x-amz-mp-object-size',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-security-token',
  'x-amz-trailer',
  'x-amz-user-agent',
]);

/** Headers that are supported for what everything here is anyway. */
const fixed: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private', 'bucket-owner-full-control'],
  'x-amz-bucket-object-lock-enabled': ['false'],
  'x-amz-storage-class': ['STANDARD'],
  'x-amz-tagging-directive': ['COPY'],
};

/** Refuses with NotImplemented what a header asks for and this store would not do: nothing is left aside in silence. */
export function checkSupportedHeaders(request: StoreRequest): void {
  for (const name of Object.keys(request.headers)) {
    if (!/^x-(amz|minio)-/.test(name) || name.startsWith('x-amz-meta-') || supported.has(name)) continue;
    if (fixed[name]?.includes(headerOf(request, name)) !== true)
      throw new StoreError(
        'NotImplemented',
        `The header ${name}: ${headerOf(request, name)} is not supported.`,
      );
  }
}
