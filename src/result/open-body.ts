import { Readable } from 'node:stream';
import type { ByteRange, ObjectStore } from '../storage/object-store.ts';
import type { Segment } from './archive/segment.ts';
import { defaultRetry, readObject, type ObjectRead, type ReadRetry } from './read-object.ts';

/** Small pieces (an archive's headers) are sent together; an object up to this size is read whole before its turn. */
const chunkBytes = 64 * 1024;
/** A file in an archive is two or three pieces. Bounds what is read ahead to half a MiB. */
const piecesAhead = 8;

export interface BodyToOpen {
  store: ObjectStore;
  segments: Iterable<Segment>;
  range: ByteRange;
  retry?: ReadRetry;
}

interface Piece extends ByteRange {
  segment: Segment;
}

/**
 * Streams a range of segments, one after another, as fast as the reader takes them. Resolves when the first bytes of the first object
 * have arrived, so that a store that is out of reach can still be answered with a status. Any difference from the manifest destroys the
 * stream with an error: it never ends in order with wrong bytes.
 */
export async function openBody(
  { store, segments, range, retry = defaultRetry }: BodyToOpen,
  signal: AbortSignal,
): Promise<Readable> {
  // A generator that nobody has started to read does not notice that it is closed.
  const closed = new AbortController();
  const until = AbortSignal.any([signal, closed.signal]);
  function open(read: ObjectRead): Chunks {
    return readObject({ store, retry }, read, until);
  }
  const chunks = readPieces(cutSegments(segments, range), open);
  const first = await firstOf(chunks, closed);
  const stream = Readable.from(startingWith(first, chunks), { objectMode: false, signal });
  // An abort before anybody reads needs a listener; a later reader still gets the error.
  stream.on('error', () => undefined);
  return stream.once('close', () => {
    closed.abort();
  });
}

/** A failure of the first piece also ends what was opened ahead. */
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
type OpenedPiece = { bytes: () => Buffer; object?: never } | { bytes?: never; object: () => Chunks };

/** Reads the next few pieces while one is sent: small files would cost a round trip each. */
function* lookAhead(pieces: Iterable<Piece>, open: Open): Generator<OpenedPiece> {
  const opened: OpenedPiece[] = [];
  for (const piece of pieces) {
    opened.push(openPiece(piece, open));
    const next = opened.length > piecesAhead ? opened.shift() : undefined;
    if (next !== undefined) yield next;
  }
  yield* opened;
}

/**
 * Reads a small object whole at once, so that it holds no connection while it waits for a slow reader. A large one is opened at its
 * turn: a reader that pauses holds at most one connection to the store.
 */
function openPiece({ segment, first, last }: Piece, open: Open): OpenedPiece {
  if ('bytes' in segment) return { bytes: () => segment.bytes().subarray(first, last + 1) };
  const read = readOf(segment, { first, last });
  if (last - first >= chunkBytes) return { object: () => open(read) };
  const whole = collect(open(read));
  // The error is thrown when the reader comes to this object.
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
