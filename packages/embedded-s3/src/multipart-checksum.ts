import type { Part, Upload } from './catalog.ts';
import { combineCrcs } from './combine-crc.ts';
import {
  checksumAlgorithms,
  createDigests,
  digestSizes,
  type Checksum,
  type ChecksumAlgorithm,
} from './digests.ts';
import { headerOf, type StoreRequest } from './request.ts';
import { StoreError } from './store-error.ts';

/** The checksum of an upload's object: of the checksums of its parts, or put together from them as if it had been read again. */
export function multipartChecksum(upload: Upload, parts: readonly Part[]): Checksum | undefined {
  if (upload.checksum === undefined) return undefined;
  const { algorithm, type } = upload.checksum;
  const values = parts.map((part) => ({
    size: part.size,
    value: part.checksum ?? Buffer.alloc(digestSizes[algorithm]),
  }));
  if (type === 'FULL_OBJECT')
    return { algorithm, type, value: fullChecksum(algorithm, values).toString('base64') };
  const whole = compositeDigest(algorithm, Buffer.concat(values.map(({ value }) => value)));
  return { algorithm, type, value: `${whole.toString('base64')}-${parts.length}` };
}

function fullChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly { size: number; value: Buffer }[],
): Buffer {
  return combineCrcs(parts, algorithm === 'crc32' ? 0xedb88320n : 0x82f63b78n, 32);
}

function compositeDigest(algorithm: ChecksumAlgorithm, checksums: Buffer): Buffer {
  const digests = createDigests([algorithm]);
  digests.add(checksums);
  return digests.finish().get(algorithm) ?? checksums;
}

/** Refuses the end of an upload whose request tells another checksum of the object. */
export function checkObjectChecksum(request: StoreRequest, checksum: Checksum | undefined): void {
  const type = headerOf(request, 'x-amz-checksum-type').toUpperCase();
  if (type !== '' && type !== checksum?.type)
    throw new StoreError('InvalidRequest', 'x-amz-checksum-type is not that of the upload.');
  for (const algorithm of checksumAlgorithms) {
    const claimed = headerOf(request, `x-amz-checksum-${algorithm}`);
    if (claimed === '') continue;
    if (algorithm !== checksum?.algorithm)
      throw new StoreError('InvalidRequest', `The upload was not begun with ${algorithm}.`);
    if (claimed !== checksum.value)
      throw new StoreError('BadDigest', `The object does not have the ${algorithm} that was sent.`);
  }
}

/** The name of the XML element of a checksum. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}
