import type { ParameterizedContext } from 'koa';
import type { Logger } from '../log.ts';

/** What the middleware above the routes puts into `ctx.state`. */
export interface HttpState {
  /** Monotonic milliseconds (`performance.now()`) at which the request's head had arrived. */
  arrivedAt: number;
  /** Aborts when the client has gone or the answer's deadline has passed: hand it to everything that waits. */
  signal: AbortSignal;
  log: Logger;
  /** The one that matched. Metrics show its pattern: a path would make one time series a flow. */
  route?: Route;
  /** What logs show instead of the path. */
  shownPath: string;
  /** Name of the configured connector that asks, or says that it does. */
  connector?: string;
  /** What the log says of the request beside how it was answered. */
  logged?: Readonly<Record<string, unknown>>;
  /** Set if the request was refused like others before it: then a line at level debug will do. */
  repeatedRefusal?: boolean;
  /** For a route with a JSON body; call it once the caller may use the route. Throws what is wrong with the body. */
  readJson: () => Promise<object>;
}

export type HttpContext = ParameterizedContext<HttpState, { params: Record<string, string> }>;

/** One documented operation: what is served, how it may behave, and what `/openapi.json` says of it. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In the router's syntax: `/results/:flow/:token/files/*path`. A GET answers HEAD as well. */
  path: string;
  /**
   * Who may call it: everybody; who knows the token in the path, which the handler checks; or whom `http.unauthenticated` lets go without
   * one, which is checked before the handler.
   */
  access: 'everybody' | 'token' | 'unauthenticated';
  /** Parameters of the path that are credentials: neither a log nor a metric shows their values. */
  secret?: readonly string[];
  /** False: a GET that is no mere reading, so that HEAD is answered with 405. */
  answersHead?: false;
  /**
   * `bounded`: flushed within `http.answerDeadlineMillis` or the socket is destroyed.
   * `exempt`: streams results or waits for a flow; bound it otherwise.
   */
  deadline: 'bounded' | 'exempt';
  /** Absent: none. */
  body?: RequestBody;
  /**
   * An error of ours leaves no earlier than `http.busyHoldMillis` after its request: for connectors that repeat a 5xx at once and without
   * end. People, probes and receivers of results do not do that.
   */
  holdsErrors?: true;
  operation: Operation;
  handle(ctx: HttpContext): Promise<void> | void;
}

/**
 * By kind, since it may be more than JSON. `json`: an object of at most `http.bodyLimitBytes`, read by `ctx.state.readJson()`; 415 for any
 * other media type. `name` is that of its schema in the OpenAPI document.
 */
export interface RequestBody {
  kind: 'json';
  name: string;
  schema: object;
}

/** The part of an OpenAPI 3.1 Operation Object that is used; path parameters are taken from the path. */
export interface Operation {
  operationId: string;
  tag: 'service' | 'connectors' | 'results' | 'demo';
  summary: string;
  description?: string;
  /** Descriptions of the path's parameters, by name. */
  parameters: Record<string, string>;
  query?: Record<string, string>;
  responses: Record<string, OperationResponse>;
}

export interface OperationResponse {
  description: string;
  contentType?: string;
  /** JSON Schema of the body; absent: bytes or nothing. */
  schema?: object;
}
