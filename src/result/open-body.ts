import { Readable } from 'node:stream';
import type { ByteRange, ObjectStore } from '../storage/object-store.ts';
import type { Segment } from './archive/segment.ts';
import { patience as usualPatience, readObject, type ObjectRead, type ReadPatience } from './read-object.ts';

/** Small pieces (an archive's headers) leave together. */
const chunkBytes = 64 * 1024;

export interface BodyToOpen {
  store: ObjectStore;
  segments: Iterable<Segment>;
  range: ByteRange;
  patience?: ReadPatience;
}

interface Piece extends ByteRange {
  segment: Segment;
}

/**
 * Streams a range of segments, one object after another, as fast as the reader takes it. It resolves when the first bytes of
 * the first object are there, so that a store that is out of reach can still be answered with a status. Any difference to
 * what the manifest tells destroys the stream with an error: it never ends well with wrong bytes.
 */
export async function openBody(
  { store, segments, range, patience = usualPatience }: BodyToOpen,
  signal: AbortSignal,
): Promise<Readable> {
  function open(read: ObjectRead): AsyncGenerator<Buffer, void> {
    return readObject({ store, patience }, read, signal);
  }
  const chunks = readPieces(cutSegments(segments, range), open);
  const first = await chunks.next();
  return Readable.from(startingWith(first, chunks), { objectMode: false });
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

type Open = (read: ObjectRead) => AsyncGenerator<Buffer, void>;

async function* readPieces(pieces: Iterable<Piece>, open: Open): AsyncGenerator<Buffer, void> {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for (const { segment, first, last } of pieces) {
    if ('bytes' in segment) {
      waiting.push(segment.bytes().subarray(first, last + 1));
      waitingBytes += last + 1 - first;
      if (waitingBytes < chunkBytes) continue;
    }
    const object = 'object' in segment ? open(readOf(segment, { first, last })) : nothing();
    // The headers before an object wait until its first bytes are there.
    const start = await object.next();
    if (waitingBytes > 0) yield Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    yield* startingWith(start, object);
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}

function readOf(
  { object, length }: Extract<Segment, { object: unknown }>,
  { first, last }: ByteRange,
): ObjectRead {
  const whole = first === 0 && last === length - 1;
  return { key: object.key, etag: object.etag, first, last, crc32: whole ? object.crc32 : undefined };
}

type Chunks = AsyncGenerator<Buffer, void>;

async function* startingWith(first: IteratorResult<Buffer, void>, rest: Chunks): Chunks {
  try {
    if (first.done !== true) yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

async function* nothing(): Chunks {
  // For a run of headers that is long enough to leave alone.
}
