import type { ManifestFile } from '../manifest.ts';
import type { ObjectSource, Segment } from './segment.ts';
import {
  centralHeader,
  centralHeaderLength,
  endRecords,
  endRecordsLength,
  localHeader,
  localHeaderLength,
} from './zip-records.ts';

/**
 * A zip of stored files. All it needs stands in the manifest, so the length is known and any range can be built without
 * reading what comes before; the same manifest always gives the same bytes. Memory does not grow with the count of files.
 */
export function* zipSegments(
  files: readonly ManifestFile[],
  sourceOf: (file: ManifestFile) => ObjectSource,
): Generator<Segment> {
  for (const file of files) {
    yield { length: localHeaderLength(file), bytes: () => localHeader(file) };
    if (file.size > 0) yield { length: file.size, object: sourceOf(file) };
  }
  yield* directorySegments(files);
}

function* directorySegments(files: readonly ManifestFile[]): Generator<Segment> {
  let offset = 0;
  let size = 0;
  for (const file of files) {
    const at = offset;
    const length = centralHeaderLength(file, at);
    yield { length, bytes: () => centralHeader(file, at) };
    offset += localHeaderLength(file) + file.size;
    size += length;
  }
  const directory = { files: files.length, size, offset };
  yield { length: endRecordsLength(directory), bytes: () => endRecords(directory) };
}
