import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { StatusError } from '../registry/status-error.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { discoveryDocument } from './discovery.ts';
import { dispatch } from './dispatch.ts';
import { openApiDocument } from './openapi.ts';
import { readJsonBody } from './read-body.ts';
import { resourceRoute } from './route.ts';

export interface Exchange {
  message: IncomingMessage;
  response: ServerResponse;
  stopping: AbortSignal;
}

export interface Surroundings {
  context: ApiContext;
  token: string;
  /** `127.0.0.1:port`: the only Host header that is answered. */
  address: string;
}

/** Answers one request. Never rejects: whatever goes wrong becomes a Status, or the end of the connection. */
export async function serveRequest(exchange: Exchange, surroundings: Surroundings): Promise<void> {
  const { message, response } = exchange;
  const gone = new AbortController();
  message.on('error', () => gone.abort());
  response.on('error', () => gone.abort());
  response.on('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, exchange.stopping]);
  try {
    checkCaller(message, surroundings);
    const answer = await answerTo(message, surroundings, signal);
    if (answer.kind === 'json') sendJson(response, answer);
    else await sendStream(response, answer);
  } catch (error) {
    fail(response, error);
  }
}

function checkCaller({ headers, url = '' }: IncomingMessage, { token, address }: Surroundings): void {
  // A page in a browser can reach this port under a name of its own (DNS rebinding): only our address is served.
  if (headers.host !== address) {
    throw new StatusError({
      code: 421,
      reason: 'Forbidden',
      message: `the Host header has to be ${address}`,
    });
  }
  if (['/healthz', '/livez', '/readyz'].includes(url.split('?', 1)[0] ?? '')) return;
  const given = headers.authorization?.replace(/^Bearer /i, '') ?? '';
  if (!timingSafeEqual(digest(given), digest(token))) {
    throw new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function answerTo(
  message: IncomingMessage,
  { context, address }: Surroundings,
  signal: AbortSignal,
): Promise<Answer> {
  const url = new URL(message.url ?? '/', `https://${address}`);
  const pathname = url.pathname.length > 1 ? url.pathname.replace(/\/$/, '') : url.pathname;
  if (['/healthz', '/livez', '/readyz'].includes(pathname)) return text('ok');
  const document = discoveryDocument(pathname, address) ?? openApiDocument(pathname);
  const route = document === undefined ? resourceRoute(pathname) : undefined;
  if (document !== undefined && message.method === 'GET') return { kind: 'json', code: 200, body: document };
  if (!route) throw nothingThere();
  const request: ApiRequest = {
    ...route,
    method: message.method ?? '',
    query: url.searchParams,
    accept: message.headers.accept ?? '',
    contentType: (message.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    readBody: () => readJsonBody(message),
    signal,
  };
  checkAccept(request);
  return await dispatch(request, context);
}

function nothingThere(): StatusError {
  return new StatusError({
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  });
}

function checkAccept({ accept, subresource }: ApiRequest): void {
  const ranges = accept.split(',').map((range) => range.trim().toLowerCase());
  const known = ['', '*/*', 'application/*', 'application/json'];
  const isServed = ranges.some(
    (range) => known.includes(range.split(';', 1)[0]?.trim() ?? '') && isPlainOrTable(range),
  );
  if (isServed || subresource === 'log') return;
  throw new StatusError({
    code: 406,
    reason: 'NotAcceptable',
    message:
      'only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io',
  });
}

function isPlainOrTable(range: string): boolean {
  return !range.includes('as=') || (range.includes('as=table') && range.includes('v=v1'));
}

function text(body: string): Answer {
  return {
    kind: 'stream',
    contentType: 'text/plain',
    write(response) {
      response.write(body);
      return Promise.resolve();
    },
  };
}

function sendJson(response: ServerResponse, answer: Extract<Answer, { kind: 'json' }>): void {
  const warnings = (answer.warnings ?? []).map((warning) => `299 - ${JSON.stringify(warning)}`);
  if (warnings.length > 0) response.setHeader('Warning', warnings);
  const body = Buffer.from(`${JSON.stringify(answer.body)}\n`);
  response.writeHead(answer.code, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

async function sendStream(
  response: ServerResponse,
  answer: Extract<Answer, { kind: 'stream' }>,
): Promise<void> {
  response.writeHead(200, { 'Content-Type': answer.contentType });
  await answer.write(response);
  response.end();
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status =
    error instanceof StatusError
      ? error
      : new StatusError({
          code: 500,
          reason: 'InternalError',
          message: `Internal error occurred: ${String(error)}`,
        });
  // What is left of a refused body is not read: the connection cannot be used again.
  if (status.code === 413) response.setHeader('Connection', 'close');
  sendJson(response, { kind: 'json', code: status.code, body: status.toStatus() });
}
