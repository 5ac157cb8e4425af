import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../errors.ts';
import type { HttpContext } from './route.ts';

export interface SentStream {
  contentType: string;
  /** It is not read faster than the client takes it. An error ends the connection, so that the client does not take a part for the whole. */
  chunks: AsyncIterable<string | Buffer> | Iterable<string | Buffer>;
  headers?: Record<string, string>;
  /** The connection is closed when the client takes nothing of what waits for it for this time. */
  stallMillis?: number;
}

/** A client whose machine is gone answers no probe of its connection. */
const probeMillis = 60_000;

/** Answers with a body that is made while it is sent, for as long as it takes. Sends the headers at once; never throws. */
export async function sendStream(
  ctx: HttpContext,
  { contentType, chunks, headers = {}, stallMillis = 60_000 }: SentStream,
): Promise<void> {
  const { res, req, state } = ctx;
  ctx.status = 200;
  ctx.set({
    ...headers,
    'Content-Type': contentType,
    'Cache-Control': 'no-store, no-transform',
    'X-Content-Type-Options': 'nosniff',
    // A proxy must not collect it.
    'X-Accel-Buffering': 'no',
  });
  ctx.respond = false;
  if (ctx.method === 'HEAD') {
    res.end();
    return;
  }
  req.socket.setKeepAlive(true, probeMillis);
  closeWhenStalled(res, stallMillis);
  res.flushHeaders();
  try {
    await pipeline(Readable.from(chunks), res);
  } catch (error) {
    res.destroy();
    state.log.info(
      { problem: state.signal.aborted ? 'the client has left' : messageOf(error) },
      'stream ended early',
    );
  }
}

/** A quiet connection is none that is stalled: nothing waits to be sent on it. */
function closeWhenStalled(res: HttpContext['res'], millis: number): void {
  res.setTimeout(millis, () => {
    if (res.writableLength > 0) res.destroy();
    else res.setTimeout(millis);
  });
}
