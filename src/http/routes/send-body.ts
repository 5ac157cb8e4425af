import { attachment } from '../../attachment.ts';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { isServiceError, messageOf, ServiceError } from '../../errors.ts';
import { selectRange, type Selection } from '../../result/conditional-request.ts';
import { openBody } from '../../result/open-body.ts';
import type { ReadPatience } from '../../result/read-object.ts';
import type { ResultBody } from '../../result/result-body.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { answerProblem } from '../problem.ts';
import type { DownloadSlots, ReleaseSlot } from '../download-slots.ts';
import type { HttpContext } from '../route.ts';

export interface BodySender {
  /** With connections of its own: a slow reader holds one for as long as it likes. */
  store: ObjectStore;
  slots: DownloadSlots;
  /** Without a byte in either direction for this long the connection is closed: a download has no other deadline. */
  idleMillis: number;
  patience?: ReadPatience;
}

/**
 * Answers GET and HEAD with a body: whole, a range of it, or what its conditions ask for. Up to the first byte an error is
 * thrown, to be answered with a status; afterwards the socket is destroyed, so that nobody takes a part for the whole.
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
      answerProblem(ctx, {
        code: 'precondition-failed',
        title: 'Precondition failed',
        status: 412,
        detail: `If-Match: expected ${body.etag}`,
      });
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

/** A result is somebody's upload: a browser must neither guess its type nor run it on our origin, nor tell where it came from. */
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

interface Answer {
  body: ResultBody;
  selection: Extract<Selection, { range: unknown }>;
}

async function sendRange(ctx: HttpContext, sender: BodySender, answer: Answer): Promise<void> {
  if (ctx.method === 'HEAD') {
    describeRange(ctx, answer);
    return;
  }
  const release = await takeSlot(ctx, sender);
  try {
    await stream(ctx, sender, answer);
  } finally {
    release();
  }
}

/** Until somebody else's download has ended, as far as anybody knows. */
const retryAfterSeconds = 10;

async function takeSlot(ctx: HttpContext, { slots }: BodySender): Promise<ReleaseSlot> {
  try {
    return await slots.take(ctx.state.signal);
  } catch (error) {
    if (isServiceError(error, 'unavailable')) ctx.set('Retry-After', String(retryAfterSeconds));
    throw error;
  }
}

async function stream(ctx: HttpContext, sender: BodySender, answer: Answer): Promise<void> {
  const body = await open(ctx, sender, answer);
  describeRange(ctx, answer);
  ctx.res.setTimeout(sender.idleMillis, () => ctx.res.destroy());
  // Koa would leave the connection open after an error in the middle.
  ctx.respond = false;
  try {
    await pipeline(body, ctx.res);
  } catch (error) {
    ctx.state.log.info({ problem: messageOf(error) }, 'a download ended early');
  }
}

async function open(
  ctx: HttpContext,
  { store, patience }: BodySender,
  { body, selection }: Answer,
): Promise<Readable> {
  const { range } = selection;
  try {
    return await openBody(
      { store, segments: body.segments(), range, ...(patience && { patience }) },
      ctx.state.signal,
    );
  } catch (error) {
    if (!isServiceError(error, 'object-missing')) throw error;
    throw new ServiceError('gone', 'these results are being deleted', { cause: error });
  }
}

function describeRange(ctx: HttpContext, { body, selection }: Answer): void {
  const { first, last } = selection.range;
  ctx.set(commonHeaders(body));
  ctx.status = selection.status;
  if (selection.status === 206) ctx.set('Content-Range', `bytes ${first}-${last}/${body.length}`);
  ctx.set('Content-Type', body.contentType);
  ctx.set('Content-Disposition', attachment(body.fileName));
  ctx.length = last - first + 1;
}
