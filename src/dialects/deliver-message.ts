import { request, type Dispatcher } from 'undici';
import { messageOf } from '../errors.ts';
import type { Redact } from '../redact-secrets.ts';

export interface Message {
  url: string;
  /** Beside those of JSON. Of a secret among them the caller has made sure that the URL's origin is the configured one. */
  headers: Readonly<Record<string, string>>;
  /** Absent: none. */
  body?: unknown;
  /** False: on a connection of its own, so that an answer is not lost since the peer had closed an idle one. Default: true. */
  reuseConnection?: boolean;
  timeoutMillis: number;
  dispatcher: Dispatcher;
  /** Bytes of the answer that are kept; default: as many as a connector needs to describe an error. */
  answerLimit?: number;
}

/** `sent`: whether the message may have arrived; false only if it surely did not. */
export type Answer =
  { got: 'answer'; status: number; body: string } | { got: 'nothing'; problem: string; sent: boolean };

/** A connector's own are a few hundred bytes. */
const defaultAnswerLimit = 8192;

/**
 * ONE attempt: the caller owns repeating. Redirects are not followed, since a secret in the headers would go with them. An answer of any status
 * is an answer; no answer within the time is a problem in words. Throws only when `signal` aborts.
 */
export async function deliverMessage(message: Message, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new Error(`no whole answer within ${message.timeoutMillis} ms`));
  }, message.timeoutMillis);
  try {
    return await post(message, AbortSignal.any([signal, deadline.signal]));
  } catch (error) {
    signal.throwIfAborted();
    const problem = describe(deadline.signal.aborted ? deadline.signal.reason : error);
    return { got: 'nothing', problem, sent: deadline.signal.aborted || mayHaveArrived(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function post(
  { url, headers, body, dispatcher, reuseConnection = true, answerLimit = defaultAnswerLimit }: Message,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, */*',
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(reuseConnection ? {} : { reset: true }),
    dispatcher,
    signal,
  });
  return { got: 'answer', status: response.statusCode, body: await readSome(response.body, answerLimit) };
}

/** Leaving the loop early destroys the stream and with it the connection: no peer can make this process read without end. */
async function readSome(body: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part);
    length += part.length;
    if (length >= limit) break;
  }
  return Buffer.concat(parts).subarray(0, limit).toString('utf8');
}

/** Those of a connection that was never made. */
const unsent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

function mayHaveArrived(error: unknown): boolean {
  // Of a host with several addresses each one was tried.
  const tried: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return !tried.every((one) => unsent.test(String((one as { code?: unknown }).code)));
}

function describe(error: unknown): string {
  const cause = error instanceof Error && error.message === '' ? error.cause : undefined;
  const { code } = error as { code?: unknown };
  const text = messageOf(cause ?? error);
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}

/** What is dropped at the end of an answer that was cut: half a secret may stand there, which is not found. */
const cutLength = 4096;

/** A peer's words may show what it was sent: they are kept, logged and passed on without secrets. */
export function redactAnswer(answer: Answer, redact: Redact): Answer {
  if (answer.got === 'nothing') return { ...answer, problem: redact(answer.problem) };
  const body = redact(answer.body);
  const wasCut = Buffer.byteLength(answer.body) >= defaultAnswerLimit;
  return { ...answer, body: wasCut ? body.slice(0, -cutLength) : body };
}
