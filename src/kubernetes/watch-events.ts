import { createInterface } from 'node:readline';
import { ServiceError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { errorOfStatus, unavailable } from './errors.ts';
import type { KubernetesObject } from './types.ts';

export type WatchEvent<T> =
  { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T } | { type: 'BOOKMARK'; resourceVersion: string };

interface WatchOptions {
  path: string;
  labelSelector?: string;
  resourceVersion: string;
}

/** The server is asked to end a watch after this time; a connection that is silent for longer is dead. */
const serverSeconds = 240;
const silenceMillis = (serverSeconds + 60) * 1000;

/**
 * Streams one watch. Every ERROR event and every line that cannot be parsed is thrown, never dropped. The stream ends when the server
 * closes it in order; the caller continues from the last resourceVersion.
 */
export async function* watchEvents<T extends KubernetesObject>(
  connection: Connection,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>> {
  const silence = new AbortController();
  const watchdog = setTimeout(() => {
    silence.abort(new Error('watch was silent for too long'));
  }, silenceMillis).unref();
  const bounded = AbortSignal.any([signal, silence.signal]);
  const query = {
    watch: '1',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(serverSeconds),
    resourceVersion: options.resourceVersion,
    labelSelector: options.labelSelector,
  };
  try {
    const response = await connection.send({ method: 'GET', path: options.path, query }, bounded);
    const lines = createInterface({ input: response.body, crlfDelay: Infinity });
    // The iteration below reports errors; an abort between two lines, or after the consumer has left, must not crash.
    for (const emitter of [response.body, lines]) emitter.on('error', () => undefined);
    for await (const line of lines) {
      watchdog.refresh();
      if (line !== '') yield parseEvent<T>(line, options.path);
    }
    // readline ends in order even if its input breaks: only this shows a broken connection.
    if (response.body.errored !== null) throw response.body.errored;
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw unavailable(`The watch of ${options.path} broke`, cause);
  } finally {
    clearTimeout(watchdog);
    silence.abort();
  }
}

function parseEvent<T extends KubernetesObject>(line: string, path: string): WatchEvent<T> {
  let event: { type?: string; object?: KubernetesObject & { code?: number } };
  try {
    event = JSON.parse(line) as typeof event;
  } catch (cause) {
    throw unavailable(`The watch of ${path} sent a line that is not JSON`, cause);
  }
  const object = event.object ?? {};
  if (event.type === 'ADDED' || event.type === 'MODIFIED' || event.type === 'DELETED')
    return { type: event.type, object: object as T };
  if (event.type === 'BOOKMARK')
    return { type: 'BOOKMARK', resourceVersion: object.metadata?.resourceVersion ?? '' };
  throw errorOfStatus(object.code ?? 500, JSON.stringify(object), { method: 'WATCH', path });
}
