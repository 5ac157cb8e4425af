import type { ServerResponse } from 'node:http';

import type { KubeObject } from '../objects/kube-object.ts';
import { StatusError } from '../objects/status-error.ts';
import { longestTimer } from '../objects/timers.ts';
import { apiVersionOf } from '../registry/resources.ts';
import type { WatchEvent, WatchEventType } from '../registry/types.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { booleanOption, integerOption, optionInvalid, selectorOption } from './query.ts';
import type { Selector } from './selectors.ts';
import { tableOf, wantsTable } from './table.ts';

/** A watcher that does not read is cut off here, as a real server does: it can list and watch again. */
const bufferLimit = 16 * 1024 * 1024;
const defaultTimeoutSeconds = 30 * 60;

/** GET with `watch`: changes as JSON lines, from a version or from now (then what exists comes first). */
export function watchObjects(request: ApiRequest, context: ApiContext): Answer {
  if (request.query.has('sendInitialEvents')) {
    throw optionInvalid(
      'sendInitialEvents',
      'Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  }
  const matches = selectorOption(request);
  const seconds = integerOption(request.query, 'timeoutSeconds') ?? defaultTimeoutSeconds;
  const bookmarks = booleanOption(request.query, 'allowWatchBookmarks');
  return {
    kind: 'stream',
    contentType: 'application/json',
    async write(response) {
      const send = createSender(request, context, response);
      response.flushHeaders();
      const stop = follow({ request, context, matches, send });
      if (!stop) return;
      const bookmark = bookmarks ? send.bookmark : undefined;
      await untilEnd({ request, context, response, seconds, bookmark });
      stop();
    },
  };
}

type Sender = ReturnType<typeof createSender>;

function createSender(request: ApiRequest, context: ApiContext, response: ServerResponse) {
  const asTable = wantsTable(request);
  let columnsSent = false;
  // The past goes out in one piece, however large: the limit is for what comes on top of it.
  let allowance = Infinity;
  function line(type: string, object: unknown): void {
    if (response.writableEnded || response.destroyed) return;
    response.write(`${JSON.stringify({ type, object })}\n`);
    if (response.writableLength > allowance) response.destroy();
  }
  function shown(object: KubeObject): unknown {
    if (!asTable) return object;
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const table = tableOf(request, { objects: [object], metadata, now: context.now() });
    if (columnsSent) table['columnDefinitions'] = null;
    columnsSent = true;
    return table;
  }
  return {
    event: (type: WatchEventType, object: KubeObject) => {
      line(type, shown(object));
    },
    error: (error: StatusError) => {
      line('ERROR', error.toStatus());
    },
    /** From now on a watcher that does not keep up is cut off. */
    limit: () => {
      allowance = response.writableLength + bufferLimit;
    },
    bookmark: () => {
      const { definition } = request;
      const metadata = { resourceVersion: context.registry.resourceVersion, creationTimestamp: null };
      line('BOOKMARK', { kind: definition.kind, apiVersion: apiVersionOf(definition), metadata });
    },
  };
}

interface Subscription {
  request: ApiRequest;
  context: ApiContext;
  matches: Selector;
  send: Sender;
}

/** Sends the past that was asked for and subscribes to the future, in one synchronous step: no gap, no repetition. */
function follow(subscription: Subscription): (() => void) | undefined {
  const { request, context, matches, send } = subscription;
  const { definition, namespace, query } = request;
  const version = query.get('resourceVersion') ?? '';
  if (version === '' || version === '0') {
    for (const object of context.registry.view(definition.plural, namespace)) {
      if (matches(object)) send.event('ADDED', object);
    }
  } else {
    try {
      for (const event of context.history.since(definition.plural, version)) relay(subscription, event);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      send.error(error);
      return undefined;
    }
  }
  send.limit();
  return context.registry.observe((event) => {
    if (event.resource === definition.plural) relay(subscription, event);
  });
}

/** What an event is to a watcher that sees only some objects: one that leaves its selection is deleted to it. */
function relay({ request, matches, send }: Subscription, event: WatchEvent): void {
  const { object, previous, type } = event;
  if (request.namespace !== undefined && object.metadata.namespace !== request.namespace) return;
  if (type !== 'MODIFIED' || !previous) {
    if (matches(object)) send.event(type, object);
    return;
  }
  const before = matches(previous);
  const after = matches(object);
  if (after) send.event(before ? 'MODIFIED' : 'ADDED', object);
  else if (before) {
    const { resourceVersion } = object.metadata;
    send.event('DELETED', { ...previous, metadata: { ...previous.metadata, resourceVersion } });
  }
}

interface Lifetime {
  request: ApiRequest;
  context: ApiContext;
  response: ServerResponse;
  seconds: number;
  bookmark: (() => void) | undefined;
}

async function untilEnd({ request, context, response, seconds, bookmark }: Lifetime): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const regular = bookmark ? setInterval(bookmark, context.bookmarkIntervalMs) : undefined;
  const timer = setTimeout(resolve, Math.min(seconds * 1000, longestTimer));
  request.signal.addEventListener('abort', resolve, { once: true });
  response.once('close', resolve);
  if (request.signal.aborted) resolve(undefined);
  await promise;
  clearInterval(regular);
  clearTimeout(timer);
  request.signal.removeEventListener('abort', resolve);
  bookmark?.();
}
