import { Readable } from 'node:stream';
import type { ByteRange, ObjectStore } from '../storage/object-store.ts';
import type { Segment } from './archive/segment.ts';
import { patience as usualPatience, readObject, type ObjectRead, type ReadPatience } from './read-object.ts';

/** Small pieces (an archive's headers) leave together; an object up to this size is read whole before its turn. */
const chunkBytes = 64 * 1024;
/** Of an archive, a file is two or three pieces. Bounds what is read ahead to half a MiB. */
const piecesAhead = 8;

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
 * Streams a range of segments, one after another, as fast as the reader takes it. It resolves when the first bytes of
 * the first object are there, so that a store that is out of reach can still be answered with a status. Any difference to
 * what the manifest tells destroys the stream with an error: it never ends well with wrong bytes.
 */
export async function openBody(
  { store, segments, range, patience = usualPatience }: BodyToOpen,
  signal: AbortSignal,
): Promise<Readable> {
  // A generator that nobody has begun to read does not notice that it is closed.
  const closed = new AbortController();
  const until = AbortSignal.any([signal, closed.signal]);
  function open(read: ObjectRead): Chunks {
    return readObject({ store, patience }, read, until);
  }
  const chunks = readPieces(cutSegments(segments, range), open);
  const first = await firstOf(chunks, closed);
  const stream = Readable.from(startingWith(first, chunks), { objectMode: false, signal });
  // Aborted before anybody reads: the error must find a listener then, and still reaches a reader who comes later.
  stream.on('error', () => undefined);
  return stream.once('close', () => {
    closed.abort();
  });
}

/** A body that cannot begin ends what was opened ahead, too. */
async function firstOf(chunks: Chunks, closed: AbortController): Promise<IteratorResult<Buffer, void>> {
  try {
    return await chunks.next();
  } catch (error) {
    closed.abort();
    throw error;
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

type Open = (read: ObjectRead) => Chunks;

async function* readPieces(pieces: Iterable<Piece>, open: Open): Chunks {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  for (const { bytes, object } of lookAhead(pieces, open)) {
    if (bytes !== undefined) {
      waiting.push(bytes());
      waitingBytes += waiting.at(-1)?.length ?? 0;
      if (waitingBytes < chunkBytes) continue;
    }
    yield* sendWaiting(waiting, object?.());
    waiting = [];
    waitingBytes = 0;
  }
  yield* sendWaiting(waiting);
}

/** The headers before an object wait until its first bytes are there. */
async function* sendWaiting(waiting: Buffer[], object?: Chunks): Chunks {
  const first = await object?.next();
  if (waiting.length > 0) yield Buffer.concat(waiting);
  if (object !== undefined && first !== undefined) yield* startingWith(first, object);
}

/** `object` is called when it is the piece's turn. */
type Begun = { bytes: () => Buffer; object?: never } | { bytes?: never; object: () => Chunks };

/** Small files would cost a round trip each: the store is asked for the next few while one is sent. */
function* lookAhead(pieces: Iterable<Piece>, open: Open): Generator<Begun> {
  const begun: Begun[] = [];
  for (const piece of pieces) {
    begun.push(begin(piece, open));
    const next = begun.length > piecesAhead ? begun.shift() : undefined;
    if (next !== undefined) yield next;
  }
  yield* begun;
}

/**
 * A small object is read whole at once, so that it holds no connection while it waits for a slow reader; a large one is not opened
 * before its turn. A reader that pauses holds one connection to the store, or none.
 */
function begin({ segment, first, last }: Piece, open: Open): Begun {
  if ('bytes' in segment) return { bytes: () => segment.bytes().subarray(first, last + 1) };
  const read = readOf(segment, { first, last });
  if (last - first >= chunkBytes) return { object: () => open(read) };
  const whole = collect(open(read));
  // The reader who comes to this object gets the error; until then nobody has to.
  whole.catch(() => undefined);
  return { object: () => chunksOf(whole) };
}

async function collect(chunks: Chunks): Promise<Buffer[]> {
  const whole: Buffer[] = [];
  for await (const chunk of chunks) whole.push(chunk);
  return whole;
}

async function* chunksOf(whole: Promise<Buffer[]>): Chunks {
  yield* await whole;
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
