import type { Caller } from '../access/authenticate.ts';
import type { StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { createDigests, type ChecksumAlgorithm, type DigestName } from './digests.ts';
import { openPayload } from './payload.ts';
import { createSegmentWriter, type Segment } from './segments.ts';
import { checkSentDigests, digestsToCheck, readSentDigests } from './sent-digests.ts';

export interface ReceivedContent {
  readonly segments: readonly Segment[];
  readonly size: number;
  readonly md5: Buffer;
  /** The checksum that was sent, else the one that was to be computed. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: Buffer } | undefined;
}

interface Body {
  readonly request: StoreRequest;
  readonly caller: Caller;
}

/** The largest content of one request, 5 GiB as in S3. */
export const largestContent = 5 * 1024 ** 3;

/**
 * Streams the content of an upload to a file and verifies length, signed hash, Content-MD5 and checksum on the way.
 * Removes the file when anything fails. `computed` is a checksum to compute where the request has none.
 */
export async function receiveContent(
  body: Body & { directory: string; computed?: ChecksumAlgorithm | undefined },
): Promise<ReceivedContent> {
  const writer = createSegmentWriter(body.directory);
  try {
    const wanted: DigestName[] = body.computed === undefined ? ['md5'] : ['md5', body.computed];
    const received = await receive({ ...body, limit: largestContent }, wanted, (chunk) =>
      writer.write(chunk),
    );
    const algorithm = received.algorithm ?? body.computed;
    const value = algorithm === undefined ? undefined : received.digests.get(algorithm);
    return {
      segments: await writer.finish(),
      size: received.size,
      md5: received.digests.get('md5') ?? Buffer.alloc(0),
      checksum: algorithm === undefined || value === undefined ? undefined : { algorithm, value },
    };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** Reads a small body as text, verified in the same way. */
export async function receiveText(body: Body & { limit: number }): Promise<string> {
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
  body: Body & { limit: number },
  wanted: readonly DigestName[],
  keep: (chunk: Buffer) => Promise<void>,
): Promise<Received> {
  const { request, limit } = body;
  const payload = openPayload(request, body.caller);
  if (payload.size > limit)
    throw new StoreError('EntityTooLarge', `The content is larger than ${limit} bytes.`);
  const sent = readSentDigests(request);
  const digests = createDigests([...wanted, ...digestsToCheck(sent, payload)]);
  let size = 0;
  for await (const chunk of payload.chunks) {
    size += chunk.length;
    if (size > payload.size) throw new StoreError('IncompleteBody');
    digests.add(chunk);
    await keep(chunk);
  }
  if (size !== payload.size) throw new StoreError('IncompleteBody');
  const found = digests.finish();
  checkSentDigests(sent, payload, found);
  return { size, digests: found, algorithm: sent.algorithm };
}
