import type { Part, Upload } from '../catalog/catalog.ts';
import {
  checksumAlgorithms,
  createDigests,
  type Checksum,
  type ChecksumAlgorithm,
} from '../content/digests.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';

/** The checksum of an upload's object: that of the checksums of its parts. */
export function multipartChecksum(upload: Upload, parts: readonly Part[]): Checksum | undefined {
  const { algorithm } = upload;
  if (algorithm === undefined) return undefined;
  const digests = createDigests([algorithm]);
  for (const { checksum } of parts) if (checksum !== undefined) digests.add(checksum);
  const value = digests.finish().get(algorithm)?.toString('base64') ?? '';
  return { algorithm, type: 'COMPOSITE', value: `${value}-${parts.length}` };
}

/** Refuses to complete an upload when the request has another checksum of the object. */
export function checkObjectChecksum(request: StoreRequest, checksum: Checksum | undefined): void {
  for (const algorithm of checksumAlgorithms) {
    const claimed = headerOf(request, `x-amz-checksum-${algorithm}`);
    if (claimed === '') continue;
    if (algorithm !== checksum?.algorithm)
      throw new StoreError('InvalidRequest', `The upload was not started with ${algorithm}.`);
    if (claimed !== checksum.value)
      throw new StoreError('BadDigest', `The object does not have the ${algorithm} that was sent.`);
  }
}

/** The name of the XML element of a checksum. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}
