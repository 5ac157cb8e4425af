import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import type { Redact } from '../redact-secrets.ts';
import { isSuccess, type SinkAnswer } from './judge-answer.ts';
import type { Content } from './read-content.ts';

export interface SinkRequest {
  method: 'HEAD' | 'PATCH' | 'POST' | 'PUT';
  url: string;
  headers: Record<string, string>;
  /** As it is read from the chunks. */
  content: Content;
  /** None for an empty content. */
  chunks?: AsyncIterable<Buffer> | undefined;
  onInterim?: (answer: { statusCode: number; headers: IncomingHttpHeaders }) => void;
}

interface Sender {
  dispatcher: Dispatcher;
  redact: Redact;
}

/**
 * Makes one request on a connection of its own. Its only bounds are the signal, and the length of the answer that is kept. Follows no
 * redirects, since they would get the secrets in the headers.
 */
export async function sendRequest(
  { method, url, headers, content, chunks, onInterim }: SinkRequest,
  { dispatcher, redact }: Sender,
  signal: AbortSignal,
): Promise<SinkAnswer> {
  const response = await request(url, {
    method,
    headers: {
      ...headers,
      ...(chunks === undefined ? {} : { 'content-length': String(content.length) }),
    },
    // The library takes any AsyncIterable, and asks for the next chunk when the connection has taken the last; its types know streams only.
    body: (chunks ?? null) as Readable | null,
    dispatcher,
    signal,
    // An idle connection that the peer has closed would cost an attempt.
    reset: true,
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(onInterim && { onInfo: onInterim }),
  });
  const status = response.statusCode;
  const text = await readText(response.body, { status, redact });
  return { status, headers: response.headers, text };
}

/** An answer is for a log. */
const keptBytes = 8192;
/** Dropped from the end of a cut answer, where half a secret would not be found. */
const cutLength = 4096;

/**
 * Reads to the end of the answer, since a sink may send it while it still reads; a longer text is not kept. Throws if a success breaks off:
 * the sink may not have read all that the connection has taken.
 */
async function readText(
  body: AsyncIterable<Buffer>,
  { status, redact }: { status: number; redact: Redact },
): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of body) {
      if (length < keptBytes) parts.push(part);
      length += part.length;
    }
  } catch (error) {
    if (isSuccess(status)) throw error;
  }
  const text = redact(Buffer.concat(parts).subarray(0, keptBytes).toString('utf8'));
  return length > keptBytes ? text.slice(0, -cutLength) : text;
}
