import { isServiceError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import type { ObjectStore } from './object-store.ts';
import type { Sender } from './upload/send-request.ts';

type StoreMetrics = Pick<Metrics, 'storeSeconds' | 'storeErrors' | 'storeBytes'>;

/** The same store; each operation that sends a request is measured. */
export function measureStore(store: ObjectStore, metrics: StoreMetrics): ObjectStore {
  const timed = timer(metrics);
  return {
    // Signing asks nobody.
    ...store,
    head: (key, signal) => timed('head', signal, () => store.head(key, signal)),
    async read(key, limitBytes, signal) {
      const read = await timed('read', signal, () => store.read(key, limitBytes, signal));
      metrics.storeBytes.inc({ direction: 'received' }, read?.bytes?.length ?? 0);
      return read;
    },
    async get(key, part, signal) {
      return countReceived(await timed('get', signal, () => store.get(key, part, signal)), metrics);
    },
    list: (prefix, signal) => timeList(store.list(prefix, signal), metrics, signal),
    async put(object, signal) {
      const put = await timed('put', signal, () => store.put(object, signal));
      metrics.storeBytes.inc({ direction: 'sent' }, object.body.length);
      return put;
    },
    remove: (keys, signal) => timed('remove', signal, () => store.remove(keys, signal)),
    abortUploads: (below, signal) => timed('abort-uploads', signal, () => store.abortUploads(below, signal)),
    check: (signal) => timed('check', signal, () => store.check(signal)),
  };
}

/** The same for the requests by which the service stores what it receives: any answer is one operation. */
export function measureSender(sender: Sender, metrics: StoreMetrics): Sender {
  const timed = timer(metrics);
  return {
    host: sender.host,
    async send(request, signal) {
      const answer = await timed('upload', signal, () => sender.send(request, signal));
      metrics.storeBytes.inc({ direction: 'sent' }, request.body?.length ?? 0);
      return answer;
    },
    close: () => {
      sender.close();
    },
  };
}

type Operation = 'head' | 'read' | 'get' | 'list' | 'put' | 'remove' | 'abort-uploads' | 'check' | 'upload';

function timer(metrics: StoreMetrics) {
  return async function timed<T>(
    operation: Operation,
    signal: AbortSignal,
    act: () => Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now();
    try {
      return await act();
    } catch (error) {
      metrics.storeErrors.inc({ operation, code: codeOf(error, signal) });
      throw error;
    } finally {
      metrics.storeSeconds.observe({ operation }, (performance.now() - startedAt) / 1000);
    }
  };
}

/** `aborted` is nobody's failure: the one who asked has gone, or the service stops. A deadline that passes is the store's. */
function codeOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted && !isDeadline(signal.reason)) return 'aborted';
  return isServiceError(error) ? error.code : 'internal';
}

function isDeadline(reason: unknown): boolean {
  return (
    isServiceError(reason, 'deadline-exceeded') || (reason as Error | undefined)?.name === 'TimeoutError'
  );
}

async function* countReceived(body: AsyncIterable<Buffer>, { storeBytes }: StoreMetrics) {
  const received = storeBytes.labels({ direction: 'received' });
  for await (const chunk of body) {
    received.inc(chunk.length);
    yield chunk;
  }
}

/** One operation for the whole listing: the time of its pages, without that of its reader. */
async function* timeList<T>(list: AsyncIterable<T>, metrics: StoreMetrics, signal: AbortSignal) {
  const labels = { operation: 'list' };
  const entries = list[Symbol.asyncIterator]();
  let millis = 0;
  try {
    for (;;) {
      const startedAt = performance.now();
      const next = await entries.next().finally(() => (millis += performance.now() - startedAt));
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    metrics.storeErrors.inc({ ...labels, code: codeOf(error, signal) });
    throw error;
  } finally {
    metrics.storeSeconds.observe(labels, millis / 1000);
    await entries.return?.();
  }
}
