import { randomUUID } from 'node:crypto';
import type { Middleware } from 'koa';
import type { Redact } from '../../redact-secrets.ts';
import type { Logger } from '../../log.ts';
import type { Metrics } from '../../metrics.ts';
import type { HttpState } from '../route.ts';
import { pathOf } from './check-head.ts';
import { showUnmatched } from '../shown-path.ts';

export interface RequestLogDependencies {
  log: Logger;
  metrics: Metrics;
  redact: Redact;
}

/** Writes one log line and one observation for each request, once its answer is sent or its socket closed. */
export function requestLog({ log, metrics, redact }: RequestLogDependencies): Middleware<HttpState> {
  return async function requestLog(ctx, next) {
    const { req, res, state } = ctx;
    state.log = log.child({ requestId: randomUUID() });
    state.shownPath = showUnmatched(pathOf(ctx.request) ?? '', redact);
    res.once('close', () => {
      const millis = Math.round(performance.now() - state.arrivedAt);
      const status = res.writableFinished ? res.statusCode : 0;
      const method = knownMethod(req.method);
      const route = state.route?.path ?? 'none';
      metrics.httpRequests.inc({ method, route, status: String(status) });
      metrics.httpSeconds.observe({ method, route }, millis / 1000);
      const peer = req.socket.remoteAddress;
      const fields = { ...state.logged, method, path: state.shownPath, status, millis, peer };
      state.log[levelOf(state)](fields, 'request');
    });
    await next();
  };
}

function levelOf({ route, repeatedRefusal = false }: HttpState): 'debug' | 'info' {
  const isPolled = route !== undefined && /^\/(health|metrics$)/.test(route.path);
  return repeatedRefusal || isPolled ? 'debug' : 'info';
}

/** Any client can send any method, and a metric must not get a label for each. */
function knownMethod(method: string | undefined): string {
  const known = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'];
  return known.find((one) => one === method) ?? 'other';
}
