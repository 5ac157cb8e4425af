import type { IncomingHttpHeaders } from 'node:http';
import { request, type Dispatcher } from 'undici';
import { isServiceError, messageOf } from '../errors.ts';
import { describeFailure, isTransientStatus } from '../peer-answer.ts';
import { StreamUpload } from '../storage/upload/upload-stream.ts';
import { dropPart, type FetchedFile, type Fetching, type PartOfFile } from './fetch-file.ts';
import { nameOfFile } from './file-name.ts';
import { readRetryAfter } from './judge-answer.ts';
import type { Verdict } from './types.ts';
import { watchProgress, type ProgressWatch } from './watch-progress.ts';

type FetchVerdict = Exclude<Verdict, { verdict: 'done' }> | { verdict: 'done'; file: FetchedFile };
type Answer = Dispatcher.ResponseData;

/** The store refuses for good, or cannot hold so much. */
const finalCodes = ['store-refused', 'bucket-missing', 'payload-too-large'] as const;

/** Makes one request, for the whole file or the rest. Throws only when `signal` aborts. */
export async function attemptFetch(fetching: Fetching, signal: AbortSignal): Promise<FetchVerdict> {
  const { fetch, deadline } = fetching;
  const waiting = { for: 'the provider gave no byte' };
  const progress = { clock: fetch.clock, idleMillis: fetch.limits.idleMillis, deadline };
  using watch = watchProgress({ ...progress, waitsFor: () => waiting.for }, signal);
  try {
    return await receive(fetching, { watch, waiting });
  } catch (error) {
    signal.throwIfAborted();
    // After a failed write, what the store has is not known.
    if (isServiceError(error)) await dropPart(fetching);
    if (isServiceError(error, ...finalCodes))
      return { verdict: 'failed', problem: `the data could not be stored: ${error.message}` };
    const problem = watch.signal.aborted
      ? messageOf(watch.signal.reason)
      : `the provider broke off: ${describeFailure(error)}`;
    return { verdict: 'transient', problem };
  }
}

interface Progress {
  watch: ProgressWatch;
  waiting: { for: string };
}

async function receive(fetching: Fetching, progress: Progress): Promise<FetchVerdict> {
  const { watch } = progress;
  const answer = await sendRequest(fetching, watch.signal);
  watch.moved();
  const refused = refusalOf(answer, fetching);
  if (refused !== undefined) {
    answer.body.on('error', () => undefined).destroy();
    return refused;
  }
  if (answer.statusCode === 200) await startAgain(fetching, answer.headers);
  const { part } = fetching;
  if (part === undefined) return { verdict: 'transient', problem: 'the provider sent the rest of nothing' };
  await writeBody(part, answer, progress);
  const { size } = part.upload;
  if (part.size !== undefined && size !== part.size)
    return { verdict: 'transient', problem: `the provider sent ${size} of ${part.size} bytes` };
  const stored = await part.upload.finish(watch.signal);
  fetching.part = undefined;
  return { verdict: 'done', file: { ...stored, name: part.name, modifiedAt: part.modifiedAt } };
}

async function sendRequest({ fetch, part }: Fetching, signal: AbortSignal): Promise<Answer> {
  const { source, dispatcher } = fetch;
  const rest: Record<string, string> =
    part?.etag === undefined ? {} : { range: `bytes=${part.upload.size}-`, 'if-range': part.etag };
  return await request(source.url, {
    method: 'GET',
    headers: { ...source.headers, ...rest, 'accept-encoding': 'identity' },
    dispatcher,
    signal,
    // An idle connection that the peer has closed would cost an attempt.
    reset: true,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** Undefined: the answer brings the file or its rest. */
function refusalOf({ statusCode: status, headers }: Answer, fetching: Fetching): FetchVerdict | undefined {
  if (status === 200) return problemOfWhole(headers);
  if (status === 206 && isRest(headers, fetching.part)) return undefined;
  const problem = `the provider answered ${status}`;
  if (status === 206 || status === 416) {
    // The next attempt asks for the whole.
    if (fetching.part !== undefined) fetching.part.etag = undefined;
    return { verdict: 'transient', problem: `${problem}, not with the rest of the file` };
  }
  if (isTransientStatus(status))
    return { verdict: 'transient', problem, retryAfterMillis: readRetryAfter(text(headers['retry-after'])) };
  const redirects = status >= 300 && status < 400 ? ': redirects are not followed' : '';
  return { verdict: 'failed', problem: `${problem}${redirects}` };
}

/** The end of the body must be recognisable, and its bytes those of the file. */
function problemOfWhole(headers: IncomingHttpHeaders): FetchVerdict | undefined {
  const { 'content-encoding': encoding = 'identity', 'transfer-encoding': transfer } = headers;
  if (encoding !== 'identity')
    return { verdict: 'failed', problem: `the provider sent the encoding ${encoding}, expected none` };
  if (lengthOf(headers) !== undefined || transfer !== undefined) return undefined;
  return { verdict: 'failed', problem: 'the provider said neither a Content-Length nor chunked' };
}

function isRest({ 'content-range': range = '', etag }: IncomingHttpHeaders, part?: PartOfFile): boolean {
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(range) ?? [];
  if (part === undefined || Number(first) !== part.upload.size) return false;
  if (etag !== undefined && etag !== part.etag) return false;
  return total === '*' || part.size === undefined || Number(total) === part.size;
}

async function startAgain(fetching: Fetching, headers: IncomingHttpHeaders): Promise<void> {
  await dropPart(fetching);
  const { fetch } = fetching;
  const name = nameOfFile(headers, fetch.source.url);
  const size = lengthOf(headers);
  const { etag, 'last-modified': modified = '' } = headers;
  const modifiedAt = Date.parse(modified);
  fetching.part = {
    upload: new StreamUpload({
      ...{ store: fetch.store, key: fetch.keyOf(name), size },
      ...{ maxBytes: fetch.maxBytes, limit: 'transfers.maxReceivedBytes' },
    }),
    ...{ name, size },
    etag: etag?.startsWith('"') === true ? etag : undefined,
    modifiedAt: Number.isNaN(modifiedAt) ? undefined : new Date(modifiedAt).toISOString(),
  };
}

async function writeBody({ upload }: PartOfFile, { body }: Answer, progress: Progress): Promise<void> {
  const { watch, waiting } = progress;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    watch.moved();
    waiting.for = 'the store took no byte';
    await upload.write(chunk, watch.signal);
    watch.moved();
    waiting.for = 'the provider gave no byte';
  }
  waiting.for = 'the store took no byte';
}

function lengthOf({ 'content-length': length }: IncomingHttpHeaders): number | undefined {
  return length === undefined ? undefined : Number(length);
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
