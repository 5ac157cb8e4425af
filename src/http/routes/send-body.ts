import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { attachment } from '../../attachment.ts';
import { isServiceError, messageOf, ServiceError } from '../../errors.ts';
import { selectRange, type Selection } from '../../result/conditional-request.ts';
import { openBody } from '../../result/open-body.ts';
import type { ReadRetry } from '../../result/read-object.ts';
import { writeBody } from '../../result/write-body.ts';
import type { ResultBody } from '../../result/result-body.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { DownloadSlots, ReleaseSlot } from '../download-slots.ts';
import { buildProblem, sendProblem, type Problem } from '../problem.ts';
import type { HttpContext } from '../route.ts';

export interface BodySender {
  /** Has its own connections: a slow reader keeps one for as long as it likes. */
  store: ObjectStore;
  slots: DownloadSlots;
  /** The connection is closed after this time without a byte: a download has no other deadline. */
  idleMillis: number;
  retry?: ReadRetry;
}

/**
 * Answers GET and HEAD with all of a body, a range of it, or the status of a condition. Throws errors before the first byte; an error after
 * it destroys the socket, so that the client does not take a part for the whole.
 */
export async function sendBody(ctx: HttpContext, sender: BodySender, body: ResultBody): Promise<void> {
  const selection = selectRange(
    {
      range: ctx.method === 'GET' ? ctx.get('Range') : '',
      ifRange: ctx.get('If-Range'),
      ifMatch: ctx.get('If-Match'),
      ifNoneMatch: ctx.get('If-None-Match'),
    },
    body,
  );
  switch (selection.status) {
    case 304:
      ctx.set(commonHeaders(body));
      ctx.status = 304;
      return;
    case 412:
      sendProblem(ctx, preconditionFailed(body));
      return;
    case 416:
      ctx.set('Content-Range', `bytes */${body.length}`);
      throw new ServiceError('range-not-satisfiable', `Range: expected one within ${body.length} bytes`, {
        field: 'Range',
      });
    case 200:
    case 206:
      await sendRange(ctx, sender, { body, selection });
      return;
    default:
      selection satisfies never;
  }
}

function preconditionFailed({ etag }: ResultBody): Problem {
  const detail = `If-Match: expected ${etag}`;
  return buildProblem({ code: 'precondition-failed', title: 'Precondition failed', status: 412, detail });
}

/** A result is foreign content: a browser must not guess its type, run it on our origin, or send its address as a referrer. */
function commonHeaders({ etag }: ResultBody): Record<string, string> {
  return {
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache, no-transform',
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

interface SelectedRange {
  body: ResultBody;
  selection: Extract<Selection, { range: unknown }>;
}

async function sendRange(ctx: HttpContext, sender: BodySender, selected: SelectedRange): Promise<void> {
  if (ctx.method === 'HEAD') {
    setRangeHeaders(ctx, selected);
    return;
  }
  const release = await takeSlot(ctx, sender);
  try {
    await stream(ctx, sender, selected);
  } finally {
    release();
  }
}

/** An estimate of the time until another download ends. */
const retryAfterSeconds = 10;

async function takeSlot(ctx: HttpContext, { slots }: BodySender): Promise<ReleaseSlot> {
  try {
    return await slots.take(ctx.state.signal);
  } catch (error) {
    if (isServiceError(error, 'unavailable')) ctx.set('Retry-After', String(retryAfterSeconds));
    throw error;
  }
}

async function stream(ctx: HttpContext, sender: BodySender, selected: SelectedRange): Promise<void> {
  const body = await open(ctx, sender, selected);
  setRangeHeaders(ctx, selected);
  ctx.res.setTimeout(sender.idleMillis, () => ctx.res.destroy());
  // Koa would leave the connection open after an error in the middle.
  ctx.respond = false;
  const problem = await write(body, ctx.res);
  if (problem !== undefined) ctx.state.log.info({ problem }, 'download ended early');
}

/** Returns why not all was sent; the connection is destroyed then. */
async function write(body: AsyncIterable<Buffer>, response: ServerResponse): Promise<string | undefined> {
  let problem = 'the client has left';
  response.on('error', (error) => {
    problem = error.message;
  });
  try {
    if (!(await writeBody(body, response))) return problem;
    response.end();
    return undefined;
  } catch (error) {
    response.destroy();
    return messageOf(error);
  }
}

async function open(
  ctx: HttpContext,
  { store, retry }: BodySender,
  { body, selection }: SelectedRange,
): Promise<Readable> {
  const { range } = selection;
  try {
    return await openBody(
      { store, segments: body.segments(), range, ...(retry && { retry }) },
      ctx.state.signal,
    );
  } catch (error) {
    if (!isServiceError(error, 'object-missing')) throw error;
    throw new ServiceError('gone', 'these results are being deleted', { cause: error });
  }
}

function setRangeHeaders(ctx: HttpContext, { body, selection }: SelectedRange): void {
  const { first, last } = selection.range;
  ctx.set(commonHeaders(body));
  ctx.status = selection.status;
  if (selection.status === 206) ctx.set('Content-Range', `bytes ${first}-${last}/${body.length}`);
  ctx.set('Content-Type', body.contentType);
  ctx.set('Content-Disposition', attachment(body.fileName));
  ctx.length = last - first + 1;
}
