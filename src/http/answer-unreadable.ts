import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { buildProblem, type Problem } from './problem.ts';

/** Answers bytes that Node's parser could not read as a request. The connection cannot be used afterwards. */
export function answerUnreadable(socket: Duplex, problem: Problem): void {
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** The problem for an error of the parser or its timeouts. The error's message is left out: it may hold a part of the request. */
export function problemOfParser({ code = '' }: { code?: string | undefined }): Problem {
  return buildProblem(problems[code] ?? unreadable);
}

const unreadable = {
  code: 'invalid-request',
  title: 'Invalid request',
  status: 400,
  detail: 'the request cannot be read: expected HTTP/1.1',
};

const problems: Readonly<Record<string, typeof unreadable>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers-too-large',
    title: 'Headers too large',
    status: 431,
    detail: 'the path and headers: expected at most 16384 bytes',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    code: 'payload-too-large',
    title: 'Body too large',
    status: 413,
    detail: 'the body: expected chunks without long extensions',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request-timeout',
    title: 'Request timeout',
    status: 408,
    detail: 'the request: expected its headers within 10 seconds and all of it within 30',
  },
};
