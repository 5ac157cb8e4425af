import { request, type Dispatcher } from 'undici';
import { describeFailure } from '../peer-answer.ts';
import type { Redact } from '../redact-secrets.ts';

export interface Message {
  url: string;
  /** Default: POST. */
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In addition to those of JSON. With a secret among them, the caller has checked that the URL's origin is the configured one. */
  headers: Readonly<Record<string, string>>;
  body?: unknown;
  /** Fields of a form, which is sent instead of JSON. */
  form?: Readonly<Record<string, string>>;
  /** False: a new connection, since an idle one that the peer has closed loses the answer. Default: true. */
  reuseConnection?: boolean;
  timeoutMillis: number;
  dispatcher: Dispatcher;
  /** Bytes of the answer to keep. Default: enough for a connector's description of an error. */
  answerLimit?: number;
}

/** `sent`: whether the message may have arrived. */
export type Answer =
  { got: 'answer'; status: number; body: string } | { got: 'nothing'; problem: string; sent: boolean };

/** A connector's own answers are a few hundred bytes. */
const defaultAnswerLimit = 8192;

/**
 * Makes one attempt; the caller repeats. Follows no redirects, since they would get the secret in the headers. Returns an answer of any
 * status, or the problem if there is no whole answer within the time. Throws only when `signal` aborts.
 */
export async function deliverMessage(message: Message, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new Error(`no whole answer within ${message.timeoutMillis} ms`));
  }, message.timeoutMillis);
  try {
    return await send(message, AbortSignal.any([signal, deadline.signal]));
  } catch (error) {
    signal.throwIfAborted();
    const problem = describeFailure(deadline.signal.aborted ? deadline.signal.reason : error);
    return { got: 'nothing', problem, sent: deadline.signal.aborted || mayHaveArrived(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function send(message: Message, signal: AbortSignal): Promise<Answer> {
  const { url, method = 'POST', headers, dispatcher, reuseConnection = true } = message;
  const { type, body } = encode(message);
  const response = await request(url, {
    method,
    headers: { 'content-type': type, accept: 'application/json, */*', ...headers },
    ...(body === undefined ? {} : { body }),
    ...(reuseConnection ? {} : { reset: true }),
    dispatcher,
    signal,
  });
  const { answerLimit = defaultAnswerLimit } = message;
  return { got: 'answer', status: response.statusCode, body: await readSome(response.body, answerLimit) };
}

function encode({ form, body }: Message): { type: string; body: string | undefined } {
  if (form !== undefined)
    return { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(form).toString() };
  return { type: 'application/json', body: body === undefined ? undefined : JSON.stringify(body) };
}

/** Leaving the loop early destroys the stream and its connection, so that a peer cannot make this process read without end. */
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

/** Codes of connections that were never made. */
const unsent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;

function mayHaveArrived(error: unknown): boolean {
  // A host with several addresses: each one was tried.
  const tried: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return !tried.every((one) => unsent.test(String((one as { code?: unknown }).code)));
}

/** Dropped from the end of a cut answer, where half a secret would not be found. */
const cutLength = 4096;

/** A peer's answer may repeat the request: its secrets are removed before it is kept, logged or passed on. */
export function redactAnswer(
  answer: Answer,
  redact: Redact,
  { answerLimit = defaultAnswerLimit }: Pick<Message, 'answerLimit'> = {},
): Answer {
  if (answer.got === 'nothing') return { ...answer, problem: redact(answer.problem) };
  const body = redact(answer.body);
  const wasCut = Buffer.byteLength(answer.body) >= answerLimit;
  return { ...answer, body: wasCut ? body.slice(0, -cutLength) : body };
}
