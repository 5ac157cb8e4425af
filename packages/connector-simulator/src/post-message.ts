import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { buildProvisionMessage } from './provision-message.ts';
import type { MessageParts } from './provision-message.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

/** How one request ended. */
export type PostResult =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'lost'; readonly timedOut: boolean; readonly error: string };

const keptAnswerBytes = 64 * 1024;

type Message = Omit<MessageParts, 'profile' | 'callbackAddress'>;

/** Sends a provision or deprovision request once, as the connector's OkHttp client does, and journals it. */
export async function postMessage(
  context: SimulatorContext,
  process: TransferProcess,
  message: Message,
): Promise<PostResult> {
  const { journal, controls, profile } = context;
  const body = buildProvisionMessage(process, {
    ...message,
    profile,
    callbackAddress: controls.callbackAddress,
  });
  const url = new URL(controls.provisionUrl);
  // A data plane posts to the asset's own address, where its operator has put what the provisioner must know.
  if (profile.dataPlane !== undefined) url.searchParams.set('assetId', message.assetId ?? process.assetId);
  const headers = okHttpHeaders(url, body, profile.userAgent);
  const at = journal.now();
  process.counts[message.type] += 1;
  const result = await exchange(context, { url, headers, body });
  if (message.type === 'provision' && result.kind === 'answered') process.answeredAt = journal.now();
  journal.record({
    at,
    kind: message.type,
    transferProcessId: process.id,
    method: 'POST',
    target: url.href,
    headers,
    body,
    status: result.kind === 'answered' ? result.status : undefined,
    answer: result.kind === 'answered' ? result.body : '',
    error: result.kind === 'lost' ? result.error : undefined,
    millis: journal.now() - at,
  });
  context.store.changed();
  return result;
}

function okHttpHeaders(url: URL, body: string, userAgent: string): Record<string, string> {
  return {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    Host: url.host,
    Connection: 'Keep-Alive',
    'Accept-Encoding': 'gzip',
    'User-Agent': userAgent,
  };
}

async function exchange(
  context: SimulatorContext,
  { url, headers, body }: { url: URL; headers: Record<string, string>; body: string },
): Promise<PostResult> {
  const timeout = AbortSignal.timeout(context.settings.answerTimeoutMillis);
  const signal = AbortSignal.any([timeout, context.signal]);
  try {
    const outgoing = request(url, { method: 'POST', headers, agent: context.agent, signal });
    outgoing.end(body);
    const response = await answerOf(outgoing);
    if (context.controls.dropAnswers > 0) {
      context.controls.dropAnswers -= 1;
      response.destroy();
      return {
        kind: 'lost',
        timedOut: false,
        error: 'the connection was dropped before the answer was read',
      };
    }
    return { kind: 'answered', status: response.statusCode ?? 0, body: await readText(response) };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { kind: 'lost', timedOut: timeout.aborted, error: timeout.aborted ? 'timeout' : text };
  }
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= keptAnswerBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
