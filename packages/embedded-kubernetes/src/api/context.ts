import type { ServerResponse } from 'node:http';

import type { PodLogs } from '../objects/pod-logs.ts';
import type { ResourceDefinition } from '../registry/resources.ts';
import type { ClusterRegistry } from '../registry/types.ts';
import type { ServiceTokens } from './access/service-tokens.ts';
import type { ListSnapshots } from './list-snapshots.ts';
import type { WatchHistory } from './watch-history.ts';

/** What the handlers of one server share. */
export interface ApiContext {
  registry: ClusterRegistry;
  history: WatchHistory;
  snapshots: ListSnapshots;
  podLogs: PodLogs;
  tokens: ServiceTokens;
  now: () => Date;
  bookmarkIntervalMs: number;
}

/** A request for a resource, its path already understood. */
export interface ApiRequest {
  method: string;
  definition: ResourceDefinition;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
  query: URLSearchParams;
  accept: string;
  contentType: string;
  /** The JSON body; undefined if there is none. */
  readBody(): Promise<unknown>;
  /** Aborts when the client is gone or the server stops. */
  signal: AbortSignal;
}

export interface JsonAnswer {
  kind: 'json';
  code: number;
  body: unknown;
  warnings?: string[];
}

export interface StreamAnswer {
  kind: 'stream';
  contentType: string;
  write(response: ServerResponse): Promise<void>;
}

export type Answer = JsonAnswer | StreamAnswer;

export type Handler = (request: ApiRequest, context: ApiContext) => Answer | Promise<Answer>;
