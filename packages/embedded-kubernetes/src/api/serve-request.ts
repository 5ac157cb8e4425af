import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { StatusError } from '../objects/status-error.ts';
import { administrator, checkAllowed, reviewAt } from './access/requests.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { discoveryDocument } from './discovery.ts';
import { dispatch } from './dispatch.ts';
import { openApiDocument } from './openapi.ts';
import { readBody } from './read-body.ts';
import { resourceRoute, type ResourceRoute } from './route.ts';

export interface Exchange {
  message: IncomingMessage;
  response: ServerResponse;
  stopping: AbortSignal;
}

export interface Surroundings {
  context: ApiContext;
  token: string;
  /** `127.0.0.1:port`: with `localhost` in its place, the only Host headers that are answered. */
  address: string;
}

/** Answers one request. Never rejects: whatever goes wrong becomes a Status, or the end of the connection. */
export async function serveRequest(exchange: Exchange, surroundings: Surroundings): Promise<void> {
  const { message, response } = exchange;
  const gone = new AbortController();
  const abort = gone.abort.bind(gone);
  message.on('error', abort);
  response.on('error', abort);
  response.on('close', abort);
  const signal = AbortSignal.any([gone.signal, exchange.stopping]);
  try {
    checkHost(message, surroundings);
    const answer = await answerTo(message, surroundings, signal);
    if (answer.kind === 'json') sendJson(response, answer);
    else await sendStream(response, answer);
  } catch (error) {
    fail(response, error);
  }
}

const healthPaths = ['/healthz', '/livez', '/readyz'];

function checkHost({ headers }: IncomingMessage, { address }: Surroundings): void {
  // A page in a browser can reach this port under a name of its own (DNS rebinding): only our address is served.
  if (headers.host !== address && headers.host !== address.replace('127.0.0.1', 'localhost')) {
    throw new StatusError({
      code: 421,
      reason: 'Forbidden',
      message: `the Host header has to be ${address}`,
    });
  }
}

/** The user of the token; throws a 401 for an unknown one. */
function callerOf({ headers }: IncomingMessage, { token, context }: Surroundings): string {
  const given = headers.authorization?.replace(/^Bearer /i, '') ?? '';
  if (timingSafeEqual(digest(given), digest(token))) return administrator;
  const user = context.tokens.userOf(given);
  if (user !== undefined) return user;
  throw new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function answerTo(
  message: IncomingMessage,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Answer> {
  const { context, address } = surroundings;
  const { method = '', headers, url = '/' } = message;
  if (healthPaths.includes(url)) return text('ok');
  const user = callerOf(message, surroundings);
  const { pathname, searchParams: query } = new URL(url, `https://${address}`);
  const document = method === 'GET' ? documentAt(pathname, address) : undefined;
  if (document) return document;
  const contentType = mediaType(headers['content-type'] ?? '');
  const parts = { method, query, accept: headers.accept ?? '', contentType, signal };
  const body = { ...parts, readBody: () => readBody(message, contentType) };
  return (
    (await reviewAt(pathname, { ...body, user }, context)) ??
    (await resourceAnswer(pathname, body, { user, context }))
  );
}

async function resourceAnswer(
  pathname: string,
  parts: Omit<ApiRequest, keyof ResourceRoute>,
  { user, context }: { user: string; context: ApiContext },
): Promise<Answer> {
  const route = resourceRoute(pathname.replace(/\/$/, ''));
  if (!route) throw nothingThere();
  const request: ApiRequest = { ...route, ...parts };
  checkAllowed(user, request, context);
  checkAccept(request);
  return await dispatch(request, context);
}

function documentAt(path: string, address: string): Answer | undefined {
  const pathname = path.length > 1 ? path.replace(/\/$/, '') : path;
  if (healthPaths.includes(pathname)) return text('ok');
  const body = discoveryDocument(pathname, address) ?? openApiDocument(pathname);
  return body === undefined ? undefined : { kind: 'json', code: 200, body };
}

function mediaType(header: string): string {
  return header.replace(/;.*$/s, '').trim().toLowerCase();
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
  const warnings = (answer.warnings ?? []).map(
    (warning) => `299 - ${JSON.stringify(warning).replace(/[^ -~]/g, '?')}`,
  );
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
