import type { Readable } from 'node:stream';
import { messageOf } from '../errors.ts';
import { openBody } from '../result/open-body.ts';
import { appendRequest, queryRequest, wholeRequest } from './build-request.ts';
import {
  isSuccess,
  judgeAnswer,
  judgeConnectionError,
  judgeSourceError,
  transient,
  type SinkAnswer,
} from './judge-answer.ts';
import { readContent, type Content } from './read-content.ts';
import { sendRequest } from './send-request.ts';
import type { Verdict } from './types.ts';
import { forgetResource, redactorOf, type Upload } from './upload.ts';
import { isAboutWhole, readOffer, readOffset, type InterimAnswer, type Offset } from './upload-resource.ts';
import { watchProgress, type ProgressWatch } from './watch-progress.ts';

/** Makes one attempt: queries the offset if there is an upload resource, and sends the rest. Throws only when `signal` aborts. */
export async function attemptUpload(upload: Upload, signal: AbortSignal): Promise<Verdict> {
  const offset = await findOffset(upload, signal);
  switch (offset.kind) {
    case 'complete':
      return { verdict: 'done' };
    case 'unknown':
      return offset.verdict;
    case 'lost':
      forgetResource(upload);
      return await sendRest(upload, 0, signal);
    case 'at':
      upload.acknowledged = offset.offset;
      return await sendRest(upload, offset.offset, signal);
    default:
      return offset satisfies never;
  }
}

async function findOffset(upload: Upload, signal: AbortSignal): Promise<Offset> {
  const { resource, sent, body } = upload;
  if (resource === undefined) return { kind: 'lost' };
  const content: Content = { length: 0, sent: 0, waitsFor: 'sink' };
  using watch = startWatch(upload, content, signal);
  try {
    const request = { ...queryRequest(upload, resource), content };
    return readOffset(await sendRequest(request, redactorOf(upload), watch.signal), {
      sent,
      length: body.length,
    });
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unknown', verdict: judgeFailure(upload, { error, content, watch }) };
  }
}

async function sendRest(upload: Upload, offset: number, signal: AbortSignal): Promise<Verdict> {
  const content: Content = { length: upload.body.length - offset, sent: 0, waitsFor: 'store' };
  using watch = startWatch(upload, content, signal);
  let stream: Readable | undefined;
  try {
    stream = await openRest(upload, { offset, content }, watch.signal);
    const chunks = stream && readContent(stream, content, contentSteps(upload, { offset, content, watch }));
    return await exchange(upload, { offset, content, chunks }, watch.signal);
  } catch (error) {
    signal.throwIfAborted();
    return judgeFailure(upload, { error, content, watch });
  } finally {
    upload.sent = Math.max(upload.sent, offset + content.sent);
    // A reader that was never started does not close it.
    stream?.destroy();
  }
}

const stalled = { store: 'the store gave no byte', sink: 'the sink took no byte and gave no answer' };

function startWatch({ push, deadline }: Upload, content: Content, signal: AbortSignal): ProgressWatch {
  const { clock, limits } = push;
  const { idleMillis } = limits;
  return watchProgress({ clock, idleMillis, deadline, waitsFor: () => stalled[content.waitsFor] }, signal);
}

async function openRest(
  { push: { store, retry }, body }: Upload,
  { offset, content }: { offset: number; content: Content },
  signal: AbortSignal,
): Promise<Readable | undefined> {
  if (content.length === 0) return undefined;
  const range = { first: offset, last: body.length - 1 };
  try {
    return await openBody({ store, segments: body.segments(), range, ...(retry && { retry }) }, signal);
  } catch (error) {
    content.error = error;
    throw error;
  }
}

const hesitationMillis = 1000;

/**
 * A sink that refuses without reading closes the connection; if bytes are under way then, its answer is lost. After an attempt without an
 * answer the next one waits after its first bytes, as a client does that expects a 100 (RFC 9110, 10.1.1).
 */
function contentSteps(
  { push, cautious }: Upload,
  { offset, content, watch }: { offset: number; content: Content; watch: ProgressWatch },
) {
  return {
    onMove() {
      watch.moved();
      push.onProgress?.(offset + content.sent);
    },
    async hesitate() {
      if (cautious) await push.clock.sleep(hesitationMillis, watch.over);
    },
  };
}

async function exchange(
  upload: Upload,
  sending: { offset: number; content: Content; chunks: AsyncIterable<Buffer> | undefined },
  signal: AbortSignal,
): Promise<Verdict> {
  const { resource } = upload;
  const { offset, content, chunks } = sending;
  content.waitsFor = 'sink';
  const head =
    resource === undefined
      ? {
          ...wholeRequest(upload),
          onInterim: (interim: InterimAnswer) => {
            takeOffer(upload, interim);
          },
        }
      : appendRequest(upload, resource, offset);
  const answer = await sendRequest({ ...head, content, chunks }, redactorOf(upload), signal);
  if (content.error !== undefined) throw content.error as Error;
  upload.cautious = false;
  return judgeSent(upload, { answer, content, appended: resource !== undefined });
}

function takeOffer(upload: Upload, interim: InterimAnswer): void {
  const { push, body, resource } = upload;
  const url = readOffer(interim, push.sink.url);
  if (resource !== undefined || url === undefined) return;
  upload.resource = url;
  push.onUploadResource?.({ url, etag: body.etag });
}

/** The upload resource does not exist any more. */
const gone = [404, 410];

function judgeSent(
  upload: Upload,
  { answer, content, appended }: { answer: SinkAnswer; content: Content; appended: boolean },
): Verdict {
  const { status } = answer;
  if (isAboutWhole(answer) || gone.includes(status)) forgetResource(upload);
  else if (appended && isSuccess(status))
    return {
      verdict: 'transient',
      problem: `the sink answered ${status} without saying that the upload is complete`,
    };
  // 409: the offset was another one, which the next attempt queries.
  if (appended && !isAboutWhole(answer) && [...gone, 409].includes(status)) return transient(answer);
  return judgeAnswer(answer, content);
}

function judgeFailure(
  upload: Upload,
  { error, content, watch }: { error: unknown; content: Content; watch: ProgressWatch },
): Verdict {
  if (watch.signal.aborted) return { verdict: 'transient', problem: messageOf(watch.signal.reason) };
  if (content.error !== undefined) return judgeSourceError(content.error);
  upload.cautious = true;
  return judgeConnectionError(error);
}
