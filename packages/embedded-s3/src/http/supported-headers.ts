import { checksumAlgorithms } from '../content/digests.ts';
import { headerOf, type StoreRequest } from './request.ts';
import { StoreError } from './store-error.ts';

const supported = new Set([
  ...checksumAlgorithms.map((name) => `x-amz-checksum-${name}`),
  'x-amz-checksum-algorithm',
  'x-amz-checksum-mode',
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

/** Headers that are supported with these values alone, which describe every object and bucket here. */
const fixed: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private', 'bucket-owner-full-control'],
  // For uploads in parts.
  'x-amz-checksum-type': ['COMPOSITE'],
  'x-amz-bucket-object-lock-enabled': ['false'],
  'x-amz-storage-class': ['STANDARD'],
  'x-amz-tagging-directive': ['COPY'],
};

/** Refuses a header that this store would ignore with NotImplemented. */
export function checkSupportedHeaders(request: StoreRequest): void {
  checkChecksums(request);
  for (const name of Object.keys(request.headers)) {
    if (!/^x-(amz|minio)-/.test(name) || name.startsWith('x-amz-meta-') || supported.has(name)) continue;
    const values = fixed[name];
    if (values?.includes(headerOf(request, name)) === true) continue;
    const expected = values === undefined ? '' : `, expected ${values.join(' or ')}`;
    throw new StoreError(
      'NotImplemented',
      `The header ${name}: ${headerOf(request, name)} is not supported${expected}.`,
    );
  }
}

/** A checksum is sent in a header or a trailer, or named in a header. */
function checkChecksums(request: StoreRequest): void {
  const sent = [...Object.keys(request.headers), ...headerOf(request, 'x-amz-trailer').split(',')];
  const names = [
    ...sent.map((name) => /^x-amz-checksum-(?!algorithm|mode|type)(.+)$/i.exec(name.trim())?.[1] ?? ''),
    headerOf(request, 'x-amz-checksum-algorithm'),
    headerOf(request, 'x-amz-sdk-checksum-algorithm'),
  ];
  const known: string[] = checksumAlgorithms.map((name) => name.toUpperCase());
  const other = names.map((name) => name.toUpperCase()).find((name) => name !== '' && !known.includes(name));
  if (other !== undefined)
    throw new StoreError(
      'NotImplemented',
      `The checksum ${other} is not supported, expected one of ${known.join(', ')}.`,
    );
}
