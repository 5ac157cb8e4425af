import { createHash } from 'node:crypto';
import { createCrc32, createCrc32c, type Crc } from './crc.ts';

export const checksumAlgorithms = ['crc32', 'crc32c', 'sha256'] as const;
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];
export type DigestName = 'md5' | ChecksumAlgorithm;

/** The checksum of an object: of its content (FULL_OBJECT), or of the checksums of its parts (COMPOSITE). */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
  /** The value of the header: base64, with `-` and the number of parts for a composite. */
  readonly value: string;
}

export const digestSizes: Record<DigestName, number> = {
  md5: 16,
  crc32: 4,
  crc32c: 4,
  sha256: 32,
};

/** Computes several digests in one pass over a body. */
export interface Digests {
  add(chunk: Buffer): void;
  finish(): ReadonlyMap<DigestName, Buffer>;
}

export function createDigests(names: Iterable<DigestName>): Digests {
  const running = [...new Set(names)].map((name) => [name, createDigest(name)] as const);
  return {
    add(chunk) {
      for (const [, digest] of running) digest.add(chunk);
    },
    finish: () => new Map(running.map(([name, digest]) => [name, digest.value()])),
  };
}

function createDigest(name: DigestName): Crc {
  switch (name) {
    case 'crc32':
      return createCrc32();
    case 'crc32c':
      return createCrc32c();
    case 'md5':
    case 'sha256': {
      const hash = createHash(name);
      return { add: (chunk) => void hash.update(chunk), value: () => hash.digest() };
    }
    default:
      return name satisfies never;
  }
}
