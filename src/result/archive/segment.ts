/** A piece of a body: bytes that are built when they are needed, or a whole object of the store. */
export type Segment = { length: number; bytes: () => Buffer } | { length: number; object: ObjectSource };

export interface ObjectSource {
  key: string;
  etag: string;
  /** Hex; checked when the object is read from its first byte to its last. */
  crc32?: string;
}

export function lengthOf(segments: Iterable<Segment>): number {
  let length = 0;
  for (const segment of segments) length += segment.length;
  return length;
}
