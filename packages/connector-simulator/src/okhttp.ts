import { request } from 'node:http';
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { Exchange } from './journal.ts';
import { pause } from './simulator-context.ts';

/** What a request of the connector's HTTP client needs. */
export interface HttpClient {
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly settings: {
    readonly answerTimeoutMillis: number;
    /** Before each repetition after a lost connection. */
    readonly retryDelaysMillis: readonly number[];
  };
  /** Number of answers still to drop with their connection. */
  readonly controls: { dropAnswers: number };
}

/** How one request ended. */
export type PostResult =
  | { readonly kind: 'answered'; readonly status: number; readonly reason: string; readonly body: string }
  | { readonly kind: 'lost'; readonly timedOut: boolean; readonly error: string };

const keptAnswerBytes = 64 * 1024;

export function isSuccess(result: PostResult): boolean {
  return result.kind === 'answered' && result.status >= 200 && result.status <= 299;
}

/**
 * Sends until there is an answer of any status, with the pauses of the connector's client between lost connections. After the last
 * pause it gives up.
 */
export async function sendPersistently(
  client: HttpClient,
  send: () => Promise<PostResult>,
  isGone: () => boolean,
): Promise<PostResult> {
  const delays = client.settings.retryDelaysMillis;
  let result = await send();
  // OkHttp itself makes the first repetition, at once, but not after a timeout.
  let failures = result.kind === 'lost' && result.timedOut ? 1 : 0;
  while (result.kind === 'lost' && failures < delays.length) {
    await pause(client, delays[failures] ?? 0);
    failures += 1;
    if (client.signal.aborted || isGone()) break;
    result = await send();
  }
  return result;
}

/** Header names, values and order of OkHttp. */
export function okHttpHeaders(url: URL, body: string, userAgent: string): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Host: url.host,
    Connection: 'Keep-Alive',
    'Accept-Encoding': 'gzip',
    'User-Agent': userAgent,
  };
}

/** Posts once. */
export async function post(
  client: HttpClient,
  { url, headers, body }: { url: URL; headers: Record<string, string>; body: string },
): Promise<PostResult> {
  const timeout = AbortSignal.timeout(client.settings.answerTimeoutMillis);
  const signal = AbortSignal.any([timeout, client.signal]);
  try {
    const outgoing = request(url, { method: 'POST', headers, agent: client.agent, signal });
    outgoing.end(body);
    const response = await answerOf(outgoing);
    if (client.controls.dropAnswers > 0) {
      client.controls.dropAnswers -= 1;
      response.destroy();
      return {
        kind: 'lost',
        timedOut: false,
        error: 'the connection was dropped before the answer was read',
      };
    }
    const { statusCode: status = 0, statusMessage: reason = '' } = response;
    return { kind: 'answered', status, reason, body: await readText(response) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { kind: 'lost', timedOut: timeout.aborted, error: timeout.aborted ? 'timeout' : text };
  }
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= keptAnswerBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** What a sent request adds to the journal. */
export interface Posted<Message extends string> {
  /** On the journal's clock. */
  at: number;
  kind: Message;
  transferProcessId: string;
  url: URL;
  headers: Record<string, string>;
  body: string;
}

/** Journals a request with its answer, or why there was none. */
export function recordPost<Message extends string>(
  {
    journal,
    store,
  }: {
    journal: { now(): number; record(exchange: Exchange<Message>): void };
    store: { changed(): void };
  },
  { url, ...posted }: Posted<Message>,
  result: PostResult,
): void {
  journal.record({
    ...posted,
    method: 'POST',
    target: url.href,
    status: result.kind === 'answered' ? result.status : undefined,
    answer: result.kind === 'answered' ? result.body : '',
    error: result.kind === 'lost' ? result.error : undefined,
    millis: journal.now() - posted.at,
  });
  store.changed();
}
