import type { HttpContext, Route } from '../../route.ts';
import { encodePath } from '../../../result/paths.ts';

/** What a route reads of a request; what is absent is as the client has sent it. */
export interface RewrittenRequest {
  /** Another route than that of the entry, of the same access. */
  onto?: string;
  params?: Record<string, string>;
  query?: URLSearchParams;
  /** By lower-case name. */
  headers?: Record<string, string>;
  body?: object;
  /** What takes back an earlier request if this one is refused. */
  undo?: { onto: string; params: Record<string, string> };
}

/** Lets a route answer the request as if it were sent to it. Its key has been checked: an entry has the scope of its route. */
export async function callRoute(
  ctx: HttpContext,
  route: Route,
  { params = ctx.params, query, headers, body }: RewrittenRequest,
): Promise<void> {
  const { req, state } = ctx;
  const own = { params: ctx.params, url: ctx.url, headers: req.headers, readJson: state.readJson };
  ctx.params = params;
  ctx.url = `${fillPath(route.path, params)}?${query?.toString() ?? ctx.querystring}`;
  req.headers = { ...req.headers, ...headers };
  if (body !== undefined) {
    // Some routes read a form as well.
    req.headers['content-type'] = 'application/json';
    state.readJson = () => Promise.resolve(body);
  }
  try {
    await route.handle(ctx);
  } finally {
    Object.assign(ctx, { params: own.params, url: own.url });
    req.headers = own.headers;
    state.readJson = own.readJson;
  }
}

function fillPath(path: string, params: Record<string, string>): string {
  return path.replaceAll(/[:*](\w+)/g, (_pattern, name: string) => encodePath(params[name] ?? ''));
}
