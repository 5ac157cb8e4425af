import type { Middleware, ParameterizedContext } from 'koa';
import type { HttpState } from '../route.ts';

export interface CorsOptions {
  origins: readonly string[];
  /** Methods of the API's operations at this path; empty for any other path. */
  methodsAt: (path: string) => string[];
}

/** Headers of requests that a page may send beyond those that are always allowed. */
const requestHeaders = [
  'Authorization',
  'X-Api-Key',
  'Content-Type',
  'Content-Encoding',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'If-Range',
  'Last-Event-ID',
  'Prefer',
  'Range',
].join(', ');

const answerHeaders = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Range',
  'Deprecation',
  'ETag',
  'Link',
  'Location',
  'Preference-Applied',
  'Retry-After',
].join(', ');

const preflightSeconds = 600;

/**
 * Lets pages of the configured origins use the API (https://fetch.spec.whatwg.org/#http-cors-protocol). It never allows credentials that a
 * browser adds by itself, such as cookies: a key is a header that the page sets.
 */
export function cors({ origins, methodsAt }: CorsOptions): Middleware<HttpState> {
  return async function cors(ctx, next) {
    const methods = origins.length === 0 ? [] : methodsAt(ctx.path);
    if (methods.length > 0) {
      ctx.vary('Origin');
      const origin = ctx.get('Origin');
      if (origins.includes(origin)) {
        ctx.set('Access-Control-Allow-Origin', origin);
        if (isPreflight(ctx)) {
          allow(ctx, methods);
          return;
        }
        ctx.set('Access-Control-Expose-Headers', answerHeaders);
      }
    }
    await next();
  };
}

function isPreflight(ctx: ParameterizedContext<HttpState>): boolean {
  return ctx.method === 'OPTIONS' && ctx.get('Access-Control-Request-Method') !== '';
}

function allow(ctx: ParameterizedContext<HttpState>, methods: readonly string[]): void {
  ctx.set({
    'Access-Control-Allow-Methods': methods.join(', '),
    'Access-Control-Allow-Headers': requestHeaders,
    'Access-Control-Max-Age': String(preflightSeconds),
  });
  ctx.status = 204;
}
