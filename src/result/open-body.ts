import { Readable } from 'node:stream';
import type { ByteRange, ObjectStore } from '../storage/object-store.ts';
import type { Segment } from './archive/segment.ts';
import { patience as usualPatience, readObject, type ObjectRead, type ReadPatience } from './read-object.ts';

/** Small pieces (an archive's headers) leave together. */
const chunkBytes = 64 * 1024;
/** Of an archive, a file is two or three pieces. */
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
  const first = await chunks.next();
  const stream = Readable.from(startingWith(first, chunks), { objectMode: false });
  return stream.once('close', () => {
    closed.abort();
  });
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
  for (const { bytes, object, start } of lookAhead(pieces, open)) {
    if (bytes !== undefined) {
      waiting.push(bytes());
      waitingBytes += waiting.at(-1)?.length ?? 0;
      if (waitingBytes < chunkBytes) continue;
    }
    // The headers before an object wait until its first bytes are there.
    const first = await start;
    if (waitingBytes > 0) yield Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
    if (object !== undefined && first !== undefined) yield* startingWith(first, object);
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}

type Begun =
  | { bytes: () => Buffer; object?: never; start?: never }
  | { bytes?: never; object: Chunks; start: Promise<IteratorResult<Buffer, void>> };

/** Small files would cost a round trip each: the store is asked for the next few while one is sent, up to a chunk of each. */
function* lookAhead(pieces: Iterable<Piece>, open: Open): Generator<Begun> {
  const begun: Begun[] = [];
  try {
    for (const piece of pieces) {
      begun.push(begin(piece, open));
      const next = begun.length > piecesAhead ? begun.shift() : undefined;
      if (next !== undefined) yield next;
    }
    for (let next = begun.shift(); next !== undefined; next = begun.shift()) yield next;
  } finally {
    for (const { object } of begun) object?.return().catch(() => undefined);
  }
}

function begin({ segment, first, last }: Piece, open: Open): Begun {
  if ('bytes' in segment) return { bytes: () => segment.bytes().subarray(first, last + 1) };
  const object = open(readOf(segment, { first, last }));
  const start = object.next();
  // Whoever comes to this object hears of it; until then nobody has to.
  start.catch(() => undefined);
  return { object, start };
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
