import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Logger } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { HttpState } from '../route.ts';

/** One line and one observation a request, once its answer is out or its socket is gone. */
export function requestLog({ log, metrics }: { log: Logger; metrics: Metrics }): Middleware<HttpState> {
  return async function requestLog(ctx, next) {
    const { req, res, state } = ctx;
    const path = redactPath(ctx.path);
    state.log = log.child({ requestId: randomUUID() });
    res.once('close', () => {
      const millis = Math.round(performance.now() - state.arrivedAt);
      const status = res.writableFinished ? res.statusCode : 0;
      const route = state.route ?? 'none';
      metrics.httpSeconds.observe(
        { method: knownMethod(req.method), route, status: String(status) },
        millis / 1000,
      );
      const level = route.startsWith('/health') || route === '/metrics' ? 'debug' : 'info';
      state.log[level](
        { method: req.method, path, status, millis, peer: req.socket.remoteAddress },
        'request',
      );
    });
    await next();
  };
}

/** The token is a credential: the segment after the connector's, or the flow's, name. */
export function redactPath(path: string): string {
  return path.replace(/^(\/+(?:connectors|results)\/+[^/]+\/+)[^/]+/i, '$1[redacted]').slice(0, 500);
}

/** Anybody can send any method; a metric's label must not grow with it. */
function knownMethod(method: string | undefined): string {
  return ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'].includes(method ?? '')
    ? String(method)
    : 'other';
}
