/**
 * Gives back the memory of a chunk that nobody reads any more, if the chunk is the only view of it. V8 would let 70 MiB of chunks wait for its
 * next collection, and each new one would be in memory that the processor has not in its cache.
 */
export function release({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength) buffer.transfer(0);
}
