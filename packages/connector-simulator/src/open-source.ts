import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { SourceRequest } from './data-address.ts';
import { pause } from './post-persistently.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

type Source = Extract<SourceRequest, { ok: true }>;

/** Asks the source; repeats a lost connection, but no answer. Throws the data plane's own words for a bad status. */
export async function openSource(
  context: SimulatorContext,
  process: TransferProcess,
  source: Source,
): Promise<{ stream: Readable; contentType: string | undefined }> {
  const response = await requestPersistently(context, process, source);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) {
    response.on('error', () => undefined).resume();
    throw new Error(`Received code transferring HTTP data: ${status} - ${response.statusMessage ?? ''}.`);
  }
  const contentType = response.headers['content-type'];
  if (response.headers['content-encoding'] !== 'gzip') return { stream: response, contentType };
  const plain = createGunzip();
  response.on('error', (error) => plain.destroy(error));
  return { stream: response.pipe(plain), contentType };
}

async function requestPersistently(
  context: SimulatorContext,
  process: TransferProcess,
  source: Source,
): Promise<IncomingMessage> {
  const delays = context.settings.retryDelaysMillis;
  for (let failures = 0; ; failures += 1) {
    try {
      return await requestOnce(context, process, source);
    } catch (error) {
      if (failures >= delays.length || context.signal.aborted) throw error;
      await pause(delays[failures] ?? 0, context.signal);
    }
  }
}

async function requestOnce(
  context: SimulatorContext,
  process: TransferProcess,
  { url, method, headers }: Source,
): Promise<IncomingMessage> {
  const { journal, profile, agent, signal, settings } = context;
  const sent = {
    Host: url.host,
    Connection: 'Keep-Alive',
    'Accept-Encoding': 'gzip',
    'User-Agent': profile.userAgent,
    ...headers,
  };
  const at = journal.now();
  process.counts.source += 1;
  const options = { method, headers: sent, agent, signal, timeout: settings.answerTimeoutMillis };
  const result = await settle(answerOf(url, options));
  journal.record({
    at,
    kind: 'source',
    transferProcessId: process.id,
    method,
    target: url.href,
    headers: sent,
    body: '',
    status: result.value?.statusCode,
    answer: '',
    error: result.error?.message,
    millis: journal.now() - at,
  });
  if (result.value === undefined) throw result.error;
  return result.value;
}

type Settled<T> = { value: T; error?: undefined } | { value?: undefined; error: Error };

async function settle<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}

function answerOf(url: URL, options: Parameters<typeof request>[1] & object): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, resolve);
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
