import type { ManifestFile } from '../manifest.ts';
import type { ObjectSource, Segment } from './segment.ts';
import { tarHeader, tarHeaderLength } from './tar-header.ts';

const blockBytes = 512;

/** A tar in the POSIX pax format, as deterministic and as addressable as the zip. */
export function* tarSegments(
  files: readonly ManifestFile[],
  sourceOf: (file: ManifestFile) => ObjectSource,
): Generator<Segment> {
  for (const file of files) {
    yield { length: tarHeaderLength(file), bytes: () => tarHeader(file) };
    if (file.size > 0) yield { length: file.size, object: sourceOf(file) };
    const padding = (blockBytes - (file.size % blockBytes)) % blockBytes;
    if (padding > 0) yield zeros(padding);
  }
  yield zeros(2 * blockBytes);
}

function zeros(length: number): Segment {
  return { length, bytes: () => Buffer.alloc(length) };
}
