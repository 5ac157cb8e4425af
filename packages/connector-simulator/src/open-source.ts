import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { SourceRequest } from './data-address.ts';
import type { Exchange } from './journal.ts';
import { pause, type SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

type Source = Extract<SourceRequest, { ok: true }>;

/** Requests the source; repeats after a lost connection, not after an answer. Throws the data plane's own message for a bad status. */
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
      await pause(context, delays[failures] ?? 0);
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
  function record(outcome: Pick<Exchange, 'status' | 'error'>): void {
    const target = { kind: 'source', transferProcessId: process.id, method, target: url.href } as const;
    journal.record({
      at,
      ...target,
      headers: sent,
      body: '',
      answer: '',
      millis: journal.now() - at,
      ...outcome,
    });
  }
  try {
    const response = await answerOf(url, options);
    record({ status: response.statusCode });
    return response;
  } catch (error) {
    record({ status: undefined, error: error instanceof Error ? error.message : String(error) });
    throw error;
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
