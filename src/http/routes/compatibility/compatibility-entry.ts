import type { CompatibilityConfig } from '../../../config/settings/compatibility.ts';
import type { Template } from '../../../template/template.ts';
import type { HttpContext, RequestBody, Route } from '../../route.ts';
import type { RewrittenRequest } from './call-route.ts';

export interface CompatibilityDeps {
  settings: CompatibilityConfig;
  templates: readonly Template[];
}

export interface RewriteDeps extends CompatibilityDeps {
  /** Asks a route first, and returns the body of its answer. */
  ask: (ctx: HttpContext, onto: string, request: RewrittenRequest) => Promise<unknown>;
}

/** A path of another system, and the route that answers it. */
export interface CompatibilityEntry {
  method: Route['method'];
  path: string;
  operationId: string;
  summary: string;
  /** Method and path of the route: `GET /api/v1/jobs/:job`. Access, deadline and answers are those of the route. */
  onto: string;
  /** Descriptions of the path's parameters, by name. */
  parameters?: Record<string, string>;
  /** Descriptions of further parameters of the query. */
  query?: Record<string, string>;
  body?: RequestBody;
  /** It starts a job, for which a client's query says nothing: a check without a start is left to the API. */
  startsJob?: true;
  /** False for a GET that has side effects. */
  answersHead?: false;
  /** The client is sent to the route, relative to the path; the entry is absent if the route is. */
  redirect?: string;
  /** By default the request stays as it is. */
  rewrite?: (ctx: HttpContext, deps: RewriteDeps) => RewrittenRequest | Promise<RewrittenRequest>;
  /** By default the route's answer, in snake case. */
  answer?: AnswerChange;
}

export interface AnswerChange {
  /** Of the body: what the route answers, in snake case, becomes what this path answers. */
  change: (body: unknown, ctx: HttpContext) => unknown;
  schema: (schema: object) => object;
}
