import type { ParameterizedContext } from 'koa';
import type { ApiScope } from '../config/settings/api.ts';
import type { Logger } from '../log.ts';
import type { Caller } from './access/caller.ts';

/** The members of `ctx.state`, which middleware sets before a route runs. */
export interface HttpState {
  /** Arrival of the request's head, in monotonic milliseconds (`performance.now()`). */
  arrivedAt: number;
  /** Aborts when the client has left or the answer's deadline has passed: pass it to everything that waits. */
  signal: AbortSignal;
  log: Logger;
  /** The route that matched. Metrics show its pattern, since paths would create a time series for each flow. */
  route?: Route;
  /** The path as logs show it. */
  shownPath: string;
  /** Name of the configured connector that the request comes from, or claims to come from. */
  connector?: string;
  /** The route reads a body that takes as long as it is large: the answer's deadline does not count. */
  receives?: true;
  /** For a route with a scope: who calls it. */
  caller?: Caller;
  /** Further fields of the request's log line. */
  logged?: Readonly<Record<string, unknown>>;
  /** True if the request was refused like others before it; its log line then has the level debug. */
  repeatedRefusal?: boolean;
  /** For a route with a JSON body; to be called after authentication. Throws an error that says what is wrong with the body. */
  readJson: () => Promise<object>;
  /** The same for a route with a form as its body. */
  readForm: () => Promise<URLSearchParams>;
}

export type HttpContext = ParameterizedContext<HttpState, { params: Record<string, string> }>;

/** One operation: its handler, its rules, and its description in `/openapi.json`. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** In the router's syntax: `/results/:flow/:token/files/*path`. A GET answers HEAD as well. */
  path: string;
  /**
   * Who may call it: everybody; clients with the token in the path, which the handler checks; clients that `http.unauthenticated` allows; or
   * clients with a key that has the scope. The last two are checked before the handler.
   */
  access: 'everybody' | 'token' | 'unauthenticated' | { scope: ApiScope };
  /** Parameters of the path that are credentials, whose values no log shows. */
  secret?: readonly string[];
  /** False for a GET that has side effects: HEAD gets 405. */
  answersHead?: false;
  /**
   * `bounded`: flushed within `http.answerDeadlineMillis` or the socket is destroyed.
   * `exempt`: streams results or waits for a flow; the handler sets other bounds.
   */
  deadline: 'bounded' | 'exempt';
  body?: RequestBody;
  /** Hold errors of ours for `http.busyHoldMillis` (`busy-hold.ts`): for routes of connectors. */
  holdsErrors?: true;
  /** Close the connection instead of sending a 503 (`close-when-unavailable.ts`): for messages of clients that take each answer for final. */
  closesWhenUnavailable?: true;
  /** For a path that stands for another one: the pattern of that path, which clients should use. Described in a document of its own. */
  successor?: string;
  operation: Operation;
  handle(ctx: HttpContext): Promise<void> | void;
}

export type RequestBody =
  /** At most `http.bodyLimitBytes`, read by `ctx.state.readJson()` (an object) or `readForm()`; 415 for any other media type. */
  | {
      kind: 'json' | 'form';
      /** Name of the schema in the OpenAPI document. */
      name: string;
      schema: object;
      /** How many times `http.bodyLimitBytes` it may have. Default: once. */
      times?: number;
      /** The schema of a body of `multipart/form-data`, which the handler reads itself. */
      form?: object;
      /** A request without a body is valid too: the handler checks for one before it reads. */
      optional?: true;
    }
  /** Of any type and length: the handler reads it, and sets the bounds. `content`: by media type; default: bytes. */
  | { kind: 'bytes'; content?: Readonly<Record<string, { schema?: object }>> };

/** The part of an OpenAPI 3.1 Operation Object that is used; the names of path parameters come from the path. */
export interface Operation {
  operationId: string;
  tag:
    | 'service'
    | 'connectors'
    | 'results'
    | 'inbox'
    | 'demo'
    | 'jobs'
    | 'templates'
    | 'uploads'
    | 'supply'
    | 'compatibility';
  summary: string;
  description?: string;
  /** Descriptions of the path's parameters, by name. */
  parameters: Record<string, Parameter>;
  query?: Record<string, Parameter>;
  /** Headers of the request that the operation reads. */
  headers?: Record<string, Parameter>;
  responses: Record<string, OperationResponse>;
}

/** A description alone is that of a text. An array is one text with commas. */
export type Parameter = string | { description: string; schema: object };

export interface OperationResponse {
  description: string;
  contentType?: string;
  /** JSON Schema of the body; absent for bytes or no body. */
  schema?: object;
}
