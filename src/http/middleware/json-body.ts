import { koaBody } from 'koa-body';
import type { Middleware } from 'koa';
import { ServiceError } from '../../errors.ts';
import type { HttpState } from '../route.ts';

/** Reads a JSON object into `ctx.request.body`, at most so many bytes of it (after decompression). */
export function jsonBody({ limitBytes }: { limitBytes: number }): Middleware<HttpState> {
  const parse = koaBody({
    json: true,
    jsonLimit: limitBytes,
    text: false,
    urlencoded: false,
    multipart: false,
  });
  return async function jsonBody(ctx, next) {
    // `is` answers null without a body; an empty one is then missing its members, which says more.
    if (ctx.request.is('json', '+json') === false) {
      throw new ServiceError('unsupported-media-type', 'Content-Type: expected application/json', {
        field: 'Content-Type',
      });
    }
    if (Number(ctx.get('content-length')) > limitBytes) {
      throw new ServiceError('payload-too-large', `the body: expected at most ${limitBytes} bytes`);
    }
    await parse(ctx, next);
  };
}
