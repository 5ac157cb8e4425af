import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { writeBody } from '../result/write-body.ts';
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

/**
 * Makes one request on a connection of its own. Its only bounds are the signal, and the length of the answer that is kept. Follows no
 * redirects, since they would get the secrets in the headers. Takes the memory of the chunks.
 */
export async function sendRequest(
  { method, url, headers, content, chunks, onInterim }: SinkRequest,
  redact: Redact,
  signal: AbortSignal,
): Promise<SinkAnswer> {
  const { request } = url.startsWith('https:') ? https : http;
  const length = chunks === undefined ? {} : { 'content-length': String(content.length) };
  // An idle connection that the peer has closed would cost an attempt.
  const sent = request(url, { method, headers: { ...headers, ...length }, agent: false, signal });
  if (onInterim) sent.on('information', onInterim);
  const answer = untilAnswer(sent);
  writeAll(sent, chunks).catch((error: unknown) => sent.destroy(error as Error));
  try {
    const response = await answer;
    const { statusCode: status = 0 } = response;
    return { status, headers: response.headers, text: await readText(response, { status, redact }) };
  } finally {
    // A sink that has answered may not read the rest.
    sent.destroy();
  }
}

async function writeAll(sent: ClientRequest, chunks: AsyncIterable<Buffer> | undefined): Promise<void> {
  if (chunks === undefined || (await writeBody(chunks, sent))) sent.end();
}

function untilAnswer(sent: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sent.on('response', resolve);
  sent.on('error', reject);
  sent.on('close', () => {
    reject(new Error('the connection was closed'));
  });
  return promise;
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
