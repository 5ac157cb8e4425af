import { isServiceError } from '../errors.ts';
import type { ApiCall, Connection } from './connection.ts';
import type { KubernetesObject } from './types.ts';
import { watchEvents, type WatchEvent } from './watch-events.ts';

export interface ListOptions {
  labelSelector?: string;
  fieldSelector?: string;
  /** Items per page. */
  limit?: number;
  continue?: string;
}

export interface DeleteOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

export interface Page<T> {
  items: T[];
  resourceVersion: string;
  continue: string | undefined;
}

/** One kind in one namespace. One attempt per call; throws ServiceError `cluster-*`. */
export interface ResourceClient<T extends KubernetesObject> {
  create(object: T, signal: AbortSignal): Promise<T>;
  /** `create` without the answer, which for a Job is twice as long as the request. */
  add(object: T, signal: AbortSignal): Promise<void>;
  /** What `create` would store. The API server validates and admits the object, quotas included, and stores nothing. */
  dryRun(object: T, signal: AbortSignal): Promise<T>;
  get(name: string, signal: AbortSignal): Promise<T | undefined>;
  list(options: ListOptions, signal: AbortSignal): Promise<Page<T>>;
  /** `list` with one item in memory at a time. `take` must not throw. */
  scan(options: ListOptions, take: (item: T) => void, signal: AbortSignal): Promise<Omit<Page<T>, 'items'>>;
  /** JSON merge patch; `metadata.resourceVersion` in it makes it conditional (`cluster-conflict`). */
  patch(name: string, patch: object, signal: AbortSignal): Promise<T>;
  replace(name: string, object: T, signal: AbortSignal): Promise<T>;
  /** The object as it is now (a pod with its grace), or a Status; undefined if there was nothing to delete. */
  delete(name: string, options: DeleteOptions, signal: AbortSignal): Promise<KubernetesObject | undefined>;
  /** Ends without error when the server ends it; `cluster-expired` asks for a new list. */
  watch(
    options: { labelSelector?: string; resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;
}

/** `path` is the collection's, e.g. `/apis/batch/v1/namespaces/jobs/jobs`. */
export function createResourceClient<T extends KubernetesObject>(
  connection: Connection,
  path: string,
): ResourceClient<T> {
  function one(name: string): string {
    return `${path}/${encodeURIComponent(name)}`;
  }
  return {
    create: async (body, signal) => (await connection.json({ method: 'POST', path, body }, signal)) as T,
    add: (body, signal) => connection.submit({ method: 'POST', path, body }, signal),
    dryRun: async (body, signal) =>
      (await connection.json({ method: 'POST', path, query: { dryRun: 'All' }, body }, signal)) as T,
    get: (name, signal) =>
      absentAsUndefined(connection.json({ method: 'GET', path: one(name) }, signal) as Promise<T>),
    list: async (options, signal) =>
      pageOf<T>(await connection.json({ method: 'GET', path, query: listQuery(options) }, signal)),
    scan: async (options, take, signal) => {
      const call: ApiCall = { method: 'GET', path, query: listQuery(options) };
      function takeItem(item: unknown): void {
        take(item as T);
      }
      return pageOf<T>(await connection.list(call, takeItem, signal));
    },
    patch: async (name, body, signal) =>
      (await connection.json(
        { method: 'PATCH', path: one(name), body, contentType: 'application/merge-patch+json' },
        signal,
      )) as T,
    replace: async (name, body, signal) =>
      (await connection.json({ method: 'PUT', path: one(name), body }, signal)) as T,
    delete: async (name, options, signal) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
      const call = connection.json({ method: 'DELETE', path: one(name), body }, signal);
      return await absentAsUndefined(call as Promise<KubernetesObject>);
    },
    watch: (options, signal) => watchEvents<T>(connection, { path, ...options }, signal),
  };
}

async function absentAsUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isServiceError(error, 'cluster-not-found')) return undefined;
    throw error;
  }
}

function listQuery(options: ListOptions): Record<string, string | undefined> {
  return { ...options, limit: options.limit?.toString() };
}

function pageOf<T>(answer: unknown): Page<T> {
  const list = answer as { items?: T[]; metadata?: { resourceVersion?: string; continue?: string } };
  const next = list.metadata?.continue;
  return {
    items: list.items ?? [],
    resourceVersion: list.metadata?.resourceVersion ?? '',
    continue: next === undefined || next === '' ? undefined : next,
  };
}

const pageSize = 200;

/** Everything that a selector selects, one page in memory at a time. */
export async function* listAll<T extends KubernetesObject>(
  client: Pick<ResourceClient<T>, 'list'>,
  labelSelector: string,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let next: string | undefined;
  do {
    const from = next === undefined ? {} : { continue: next };
    const page = await client.list({ labelSelector, limit: pageSize, ...from }, signal);
    yield* page.items;
    next = page.continue;
  } while (next !== undefined);
}

/** False if the object exists already. */
export async function addIfMissing<T extends KubernetesObject>(
  client: Pick<ResourceClient<T>, 'add'>,
  object: T,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.add(object, signal);
    return true;
  } catch (error) {
    if (isServiceError(error, 'cluster-exists')) return false;
    throw error;
  }
}

/** False if the object does not exist. */
export async function patchIfPresent<T extends KubernetesObject>(
  client: Pick<ResourceClient<T>, 'patch'>,
  { name, patch }: { name: string; patch: object },
  signal: AbortSignal,
): Promise<boolean> {
  const patched = await absentAsUndefined(client.patch(name, patch, signal));
  return patched !== undefined;
}
