import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { ServiceError } from '../errors.ts';
import type { ByteRange, ObjectStore } from '../storage/object-store.ts';
import type { ObjectSource, Segment } from './archive/segment.ts';

/** Small pieces (an archive's headers) leave together. */
const chunkBytes = 64 * 1024;

interface Piece extends ByteRange {
  segment: Segment;
}

/**
 * Streams a range of segments, one object after another, as fast as the reader takes it. It resolves when the first object
 * is open, so that a store that is out of reach can still be answered with a status. Every object is the one of its ETag and
 * is counted; one that is read whole is checked against its crc32 before its last bytes leave. Any difference destroys the
 * stream with an error: it never ends well with wrong bytes.
 */
export async function openBody(
  { store, segments, range }: { store: ObjectStore; segments: Iterable<Segment>; range: ByteRange },
  signal: AbortSignal,
): Promise<Readable> {
  const chunks = readPieces(store, cutSegments(segments, range), signal);
  const first = await chunks.next();
  return Readable.from(startingWith(first, chunks), { objectMode: false });
}

async function* startingWith(
  first: IteratorResult<Buffer, void>,
  rest: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  try {
    if (first.done !== true) yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

function* cutSegments(segments: Iterable<Segment>, { first, last }: ByteRange): Generator<Piece> {
  let offset = 0;
  for (const segment of segments) {
    if (offset > last) return;
    const piece = {
      segment,
      first: Math.max(first - offset, 0),
      last: Math.min(last - offset, segment.length - 1),
    };
    if (piece.first <= piece.last) yield piece;
    offset += segment.length;
  }
}

async function* readPieces(
  store: ObjectStore,
  pieces: Iterable<Piece>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for (const piece of pieces) {
    const { segment, first, last } = piece;
    if ('bytes' in segment) {
      waiting.push(segment.bytes().subarray(first, last + 1));
      waitingBytes += last + 1 - first;
      if (waitingBytes < chunkBytes) continue;
    }
    const object =
      'object' in segment
        ? await openObject(store, { source: segment.object, first, last }, signal)
        : undefined;
    try {
      if (waitingBytes > 0) yield Buffer.concat(waiting);
      waiting = [];
      waitingBytes = 0;
      if (object !== undefined) yield* checked(object, piece);
    } finally {
      object?.destroy();
    }
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}

function openObject(
  store: ObjectStore,
  part: ByteRange & { source: ObjectSource },
  signal: AbortSignal,
): Promise<Readable> {
  const { source, first, last } = part;
  return store.get(source.key, { first, last, etag: source.etag }, signal);
}

async function* checked(object: Readable, { segment, first, last }: Piece): AsyncGenerator<Buffer, void> {
  const whole = first === 0 && last === segment.length - 1;
  const expected = 'object' in segment && whole ? segment.object.crc32 : undefined;
  let left = last + 1 - first;
  let sum = 0;
  for await (const chunk of object as AsyncIterable<Buffer>) {
    left -= chunk.length;
    if (left < 0) throw wrongBytes('sent more of a result than was asked for');
    if (expected !== undefined) sum = crc32(chunk, sum);
    if (left === 0) checkSum(sum, expected);
    yield chunk;
  }
  if (left > 0) throw wrongBytes(`ended ${left} bytes before the end of a result`);
}

function checkSum(sum: number, expected: string | undefined): void {
  if (expected === undefined || sum === Number.parseInt(expected, 16)) return;
  throw wrongBytes('sent other bytes than the manifest tells of');
}

function wrongBytes(what: string): ServiceError {
  return new ServiceError('store-unavailable', `the store ${what}`);
}
