import { createHash } from 'node:crypto';
import { StoreError } from '../http/store-error.ts';
import { createByteReader, type ByteReader } from './byte-reader.ts';
import { sameSecret, scopeText, sha256, sign, type Scope } from './signature.ts';

/** The first link in the chain of chunk signatures. */
export interface ChunkSeed {
  readonly key: Buffer;
  readonly scope: Scope;
  readonly date: string;
  readonly signature: string;
}

export interface ChunkedBody {
  /** Undefined for a body whose chunks are not signed. */
  readonly seed: ChunkSeed | undefined;
  /** The trailers the request announced. */
  readonly announced: readonly string[];
  /** Filled at the end of the content. */
  readonly trailers: Map<string, string>;
}

const longestChunkHeader = 256;
const longestTrailers = 8192;
const nothing = sha256('');

/**
 * The content of an `aws-chunked` body. Yields each chunk as it arrives and verifies its signature at its end, so the
 * caller must not keep the content before this has ended without an error.
 */
export async function* decodeChunked(
  source: AsyncIterator<unknown>,
  body: ChunkedBody,
): AsyncGenerator<Buffer> {
  const reader = createByteReader(source);
  const verifier = body.seed === undefined ? unsigned : createVerifier(body.seed);
  for (;;) {
    const { size, signature } = readChunkHeader(await reader.line(longestChunkHeader), verifier.signed);
    for (let left = size; left > 0;) {
      const piece = await reader.some(left);
      if (piece === undefined) throw new StoreError('IncompleteBody');
      left -= piece.length;
      verifier.piece(piece);
      yield piece;
    }
    verifier.chunk(signature);
    if (size === 0) break;
    if ((await reader.line(2)) !== '') throw malformed();
  }
  await readTrailers(reader, body);
  if (body.announced.length > 0) verifier.trailers(body.trailers);
}

/** Verifies a body chunk by chunk: its pieces, then its signature. */
interface Verifier {
  readonly signed: boolean;
  readonly piece: (content: Buffer) => void;
  readonly chunk: (signature: string) => void;
  readonly trailers: (trailers: Map<string, string>) => void;
}

const unsigned: Verifier = {
  signed: false,
  piece: () => undefined,
  chunk: () => undefined,
  trailers: () => undefined,
};

function createVerifier(seed: ChunkSeed): Verifier {
  let previous = seed.signature;
  let hash = createHash('sha256');

  function check(lines: readonly string[], signature: string): void {
    const [kind = '', ...rest] = lines;
    const expected = sign(seed.key, [kind, seed.date, scopeText(seed.scope), previous, ...rest]);
    if (!sameSecret(expected, signature))
      throw new StoreError('SignatureDoesNotMatch', 'The signature of a chunk does not match.');
    previous = expected;
  }

  return {
    signed: true,
    piece: (content) => void hash.update(content),
    chunk(signature) {
      check(['AWS4-HMAC-SHA256-PAYLOAD', nothing, hash.digest('hex')], signature);
      hash = createHash('sha256');
    },
    trailers(trailers) {
      const signature = trailers.get('x-amz-trailer-signature') ?? '';
      trailers.delete('x-amz-trailer-signature');
      const text = [...trailers]
        .map(([name, value]) => `${name}:${value}\n`)
        .sort()
        .join('');
      check(['AWS4-HMAC-SHA256-TRAILER', sha256(text)], signature);
    },
  };
}

function readChunkHeader(line: string | undefined, signed: boolean): { size: number; signature: string } {
  const match = /^([0-9a-f]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line ?? '');
  if (match === null || signed !== (match[2] !== undefined)) throw malformed();
  return { size: parseInt(match[1] ?? '', 16), signature: match[2] ?? '' };
}

/** Clients send different blank lines around trailers, so everything behind the last chunk is read as lines. */
async function readTrailers(reader: ByteReader, body: ChunkedBody): Promise<void> {
  for (let read = 0; read <= longestTrailers;) {
    const line = await reader.line(longestTrailers);
    if (line === undefined) return;
    read += line.length + 1;
    if (line === '') continue;
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    const known = name === 'x-amz-trailer-signature' || body.announced.includes(name);
    if (colon < 1 || !known || body.trailers.has(name)) throw malformed();
    body.trailers.set(name, line.slice(colon + 1).trim());
  }
  throw malformed();
}

function malformed(): StoreError {
  return new StoreError('InvalidRequest', 'The body is not framed as aws-chunked says.');
}
