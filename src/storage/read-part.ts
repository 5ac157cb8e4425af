import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import type { Secrets } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { StoreSettings } from './minio-store.ts';
import type { ObjectStore } from './object-store.ts';
import { translateError } from './translate-error.ts';
import { objectPath, plainEtag } from './upload/ask-store.ts';
import { refusalCode, refusalMessage } from './upload/refusal.ts';
import { signRequest } from './upload/sign-request.ts';
import { createAgent } from '../http-agent.ts';

export interface PartReader {
  get: ObjectStore['get'];
  destroy(): Promise<void>;
}

/**
 * `ObjectStore.get` with its own pool of connections. Not by minio-js: Node's own client copies each chunk, and a chunk of this one is the
 * only view of its memory, which a reader can return (`release-memory.ts`).
 */
export function createPartReader(
  { endpoint, region, bucket, requestTimeoutMillis }: StoreSettings,
  keys: Secrets['store'],
  connections: number,
): PartReader {
  const { origin, host } = new URL(endpoint);
  const dispatcher = createAgent({
    connections,
    connect: { timeout: requestTimeoutMillis },
    headersTimeout: requestTimeoutMillis,
    // A reader that is slow to take what has arrived is no silence.
    bodyTimeout: requestTimeoutMillis,
  });
  function toError(error: unknown, call: { signal: AbortSignal; status?: number }): ServiceError {
    const isSilence = /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(String((error as { code?: unknown }).code));
    const problem = new Error(`nothing was heard for ${requestTimeoutMillis} ms`, { cause: error });
    return translateError(isSilence ? problem : error, call);
  }
  return {
    async get(key, { first, last, etag }, signal) {
      const unsigned = { method: 'GET', path: objectPath({ bucket }, key) };
      const range = { range: `bytes=${first}-${last}` };
      const signed = signRequest({ ...unsigned, headers: range }, { host, region, service: 's3' }, keys);
      try {
        signal.throwIfAborted();
        const { path, headers } = signed;
        const answer = await request(`${origin}${path}`, { method: 'GET', headers, dispatcher, signal });
        await refuseOther(answer, { etag, signal });
        return translated(answer.body, (error) => toError(error, { signal }));
      } catch (error) {
        throw toError(error, { signal });
      }
    },
    destroy: () => dispatcher.destroy(),
  };
}

const keptBytes = 8192;

/** The headers say which object it is before its first byte. */
async function refuseOther(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  { etag, signal }: { etag: string; signal: AbortSignal },
): Promise<void> {
  if (status >= 300) {
    const text = { body: await readStart(body) };
    const refusal = { code: refusalCode(text), message: refusalMessage(text) };
    throw translateError(refusal, { signal, status });
  }
  if (plainEtag(String(headers.etag)) === etag) return;
  body.on('error', () => undefined).destroy();
  throw new ServiceError('precondition-failed', 'the object under this key was replaced');
}

async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > keptBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The errors of the stream translated, without another layer of streams. */
function translated(body: Readable, toError: (error: unknown) => ServiceError): AsyncIterable<Buffer> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          return await chunks.next();
        } catch (error) {
          throw toError(error);
        }
      },
      return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
    }),
  };
}
