import type { Caller } from './authenticate.ts';
import {
  checksumAlgorithms,
  createDigests,
  digestSizes,
  type ChecksumAlgorithm,
  type DigestName,
} from './digests.ts';
import { openPayload, type Payload } from './payload.ts';
import { headerOf, type StoreRequest } from './request.ts';
import { createSegmentWriter, type Segment } from './segments.ts';
import { StoreError } from './store-error.ts';

export interface ReceivedContent {
  readonly segments: readonly Segment[];
  readonly size: number;
  readonly md5: Buffer;
  /** The one checksum that was sent, or that was asked to be computed. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: Buffer } | undefined;
}

interface Body {
  readonly request: StoreRequest;
  readonly caller: Caller;
  readonly limit: number;
}

/**
 * Streams the content of an upload to a file and verifies length, signed hash, Content-MD5 and checksum on the way.
 * Whatever fails, nothing is left behind.
 */
export async function receiveContent(
  body: Body & { directory: string; computed: ChecksumAlgorithm | undefined },
): Promise<ReceivedContent> {
  const writer = createSegmentWriter(body.directory);
  try {
    const wanted: DigestName[] = body.computed === undefined ? ['md5'] : ['md5', body.computed];
    const sent = await receive(body, wanted, (chunk) => writer.write(chunk));
    const algorithm = sent.algorithm ?? body.computed;
    const value = algorithm === undefined ? undefined : sent.digests.get(algorithm);
    return {
      segments: await writer.finish(),
      size: sent.size,
      md5: sent.digests.get('md5') ?? Buffer.alloc(0),
      checksum: algorithm === undefined || value === undefined ? undefined : { algorithm, value },
    };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** Reads a small body as text, verified in the same way. */
export async function receiveText(body: Body): Promise<string> {
  const chunks: Buffer[] = [];
  await receive(body, [], (chunk) => {
    chunks.push(chunk);
    return Promise.resolve();
  });
  return Buffer.concat(chunks).toString('utf8');
}

interface Received {
  readonly size: number;
  readonly digests: ReadonlyMap<DigestName, Buffer>;
  readonly algorithm: ChecksumAlgorithm | undefined;
}

async function receive(
  body: Body,
  wanted: readonly DigestName[],
  take: (chunk: Buffer) => Promise<void>,
): Promise<Received> {
  const { request, limit } = body;
  const payload = openPayload(request, body.caller);
  if (payload.size > limit)
    throw new StoreError('EntityTooLarge', `The content is larger than ${limit} bytes.`);
  const algorithm = checksumSent(request);
  const md5 = contentMd5(request);
  const digests = createDigests([
    ...wanted,
    ...(md5 === undefined ? [] : (['md5'] as const)),
    ...(algorithm === undefined ? [] : [algorithm]),
    ...(payload.sha256 === undefined ? [] : (['sha256'] as const)),
  ]);
  let size = 0;
  for await (const chunk of payload.chunks) {
    size += chunk.length;
    if (size > payload.size) throw new StoreError('IncompleteBody');
    digests.add(chunk);
    await take(chunk);
  }
  if (size !== payload.size) throw new StoreError('IncompleteBody');
  const found = digests.finish();
  checkDigests(request, payload, { found, md5, algorithm });
  return { size, digests: found, algorithm };
}

function checkDigests(
  request: StoreRequest,
  payload: Payload,
  digests: {
    found: ReadonlyMap<DigestName, Buffer>;
    md5: Buffer | undefined;
    algorithm: ChecksumAlgorithm | undefined;
  },
): void {
  const { found, md5, algorithm } = digests;
  if (payload.sha256 !== undefined && found.get('sha256')?.toString('hex') !== payload.sha256)
    throw new StoreError('XAmzContentSHA256Mismatch');
  if (md5 !== undefined && found.get('md5')?.equals(md5) !== true) throw new StoreError('BadDigest');
  if (algorithm === undefined) return;
  const header = `x-amz-checksum-${algorithm}`;
  const claimed = payload.trailers.get(header) ?? headerOf(request, header);
  if (Buffer.from(claimed, 'base64').length !== digestSizes[algorithm])
    throw new StoreError('InvalidRequest', `The value of ${header} is not valid.`);
  if (found.get(algorithm)?.toString('base64') !== claimed)
    throw new StoreError('BadDigest', `The ${algorithm} that was sent is not that of the content.`);
}

function contentMd5(request: StoreRequest): Buffer | undefined {
  if (request.headers['content-md5'] === undefined) return undefined;
  const digest = Buffer.from(headerOf(request, 'content-md5'), 'base64');
  if (digest.length !== digestSizes.md5) throw new StoreError('InvalidDigest');
  return digest;
}

function checksumSent(request: StoreRequest): ChecksumAlgorithm | undefined {
  const trailers = headerOf(request, 'x-amz-trailer').toLowerCase();
  const sent = checksumAlgorithms.filter((name) => {
    const header = `x-amz-checksum-${name}`;
    return (
      request.headers[header] !== undefined ||
      trailers.split(',').some((trailer) => trailer.trim() === header)
    );
  });
  const announced = headerOf(request, 'x-amz-sdk-checksum-algorithm').toLowerCase();
  if (sent.length > 1 || (announced !== '' && sent[0] !== announced))
    throw new StoreError('InvalidRequest', 'Exactly the one checksum that is announced must be sent.');
  return sent[0];
}
