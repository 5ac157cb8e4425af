import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { pause, type SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

export type MessageType = 'provision' | 'deprovision';

export interface MessageParts {
  readonly type: MessageType;
  /** A deprovision names that of the provisioned resource; default: that of the process. */
  readonly resourceDefinitionId?: string | undefined;
  /** Another asset under the same ids, which no real connector sends. */
  readonly assetId?: string | undefined;
}

/** How one request ended. */
export type PostResult =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'lost'; readonly timedOut: boolean; readonly error: string };

const keptAnswerBytes = 64 * 1024;

/**
 * Sends a message until it gets an answer of any status, with the pauses of the connector's client between lost connections. After the
 * last pause it gives up, and the state machine starts the step again.
 */
export async function postPersistently(
  context: SimulatorContext,
  process: TransferProcess,
  message: MessageParts,
): Promise<PostResult> {
  const delays = context.settings.retryDelaysMillis;
  let result = await postMessage(context, process, message);
  // OkHttp itself makes the first repetition, at once, but not after a timeout.
  let failures = result.kind === 'lost' && result.timedOut ? 1 : 0;
  while (result.kind === 'lost' && failures < delays.length) {
    await pause(context, delays[failures] ?? 0);
    failures += 1;
    if (isGone(context, process)) break;
    result = await postMessage(context, process, message);
  }
  return result;
}

function isGone(context: SimulatorContext, process: TransferProcess): boolean {
  return context.signal.aborted || !context.store.has(process);
}

export function isSuccess(result: PostResult): boolean {
  return result.kind === 'answered' && result.status >= 200 && result.status <= 299;
}

/** Sends a provision or deprovision request once, as the connector's OkHttp client does, and journals it. */
export async function postMessage(
  context: SimulatorContext,
  process: TransferProcess,
  message: MessageParts,
): Promise<PostResult> {
  const { journal, controls, profile } = context;
  const body = buildProvisionMessage(context, process, message);
  const url = new URL(controls.provisionUrl);
  // A data plane posts to the asset's own address, whose query names the asset.
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

/** The body as the connector's Jackson writes it: members, order and nulls included. */
function buildProvisionMessage(
  { profile, controls: { callbackAddress } }: SimulatorContext,
  process: TransferProcess,
  { type, assetId = process.assetId, resourceDefinitionId = process.resourceDefinitionId }: MessageParts,
): string {
  // A data plane's message does not name the asset.
  if (profile.dataPlane !== undefined) {
    const { id: flowId, resourceDefinitionId: provisionResourceId } = process;
    return JSON.stringify({ type, provisionResourceId, flowId, callbackAddress });
  }
  return JSON.stringify({
    assetId,
    transferProcessId: process.id,
    policy: {
      permissions: [],
      prohibitions: [],
      obligations: [],
      profiles: [],
      extensibleProperties: {},
      inheritsFrom: null,
      assigner: 'provider',
      assignee: process.assignee,
      target: assetId,
      '@type': { '@policytype': 'contract' },
    },
    callbackAddress,
    ...(profile.namesRequestType ? { type } : {}),
    resourceDefinitionId,
  });
}
