import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import type { Route } from '../../../src/http/route.ts';
import { memoryLog } from '../../support/memory-log.ts';
import { askRaw, readReplies } from './ask-raw.ts';
import { memoryFlows } from './memory-flows.ts';
import { ask, provisionBody, startHttp, token } from './start-http.ts';

const quick = { headers: 100, check: 20, linger: 100 };
const path = `/connectors/edc/${token}/provision`;
const json = 'Content-Type: application/json\r\n';
const post = `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${json}`;
function get(line: string): string {
  return `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
}

/** `status` 0: no answer, since there is nobody to whom one could be given. */
const rows: { name: string; sent: string | Buffer; status: number }[] = [
  { name: 'no HTTP at all', sent: 'hello\r\n\r\n', status: 400 },
  { name: 'TLS', sent: Buffer.from('16030100050100000100', 'hex'), status: 400 },
  { name: 'HTTP/0.9', sent: 'GET /nowhere\r\n\r\n', status: 404 },
  { name: 'HTTP/2', sent: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
  { name: 'HTTP/9.9', sent: 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', status: 400 },
  { name: 'no Host', sent: 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', status: 400 },
  {
    name: 'two Content-Lengths',
    sent: `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
    status: 400,
  },
  { name: 'a negative Content-Length', sent: `${post}Content-Length: -1\r\n\r\n`, status: 400 },
  {
    name: 'a Content-Length beside chunks',
    sent: `${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  { name: 'a transfer encoding nobody knows', sent: `${post}Transfer-Encoding: zip\r\n\r\n{}`, status: 400 },
  { name: 'chunks that are none', sent: `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, status: 400 },
  { name: 'a header without a colon', sent: 'GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n', status: 400 },
  { name: 'a header with a NUL', sent: 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', status: 400 },
  { name: 'a blank in the path', sent: get('GET /a b'), status: 400 },
  {
    name: 'large headers',
    sent: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    status: 431,
  },
  { name: 'many headers', sent: `GET / HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(5000)}\r\n`, status: 431 },
  { name: 'a long path', sent: get(`GET /${'x'.repeat(20_000)}`), status: 431 },
  { name: 'half a head', sent: 'GET / HTTP/1.1\r\nHost: a\r\n', status: 408 },
  { name: 'one letter', sent: 'G', status: 408 },
  { name: 'another expectation', sent: `${post}Expect: a-miracle\r\nContent-Length: 0\r\n\r\n`, status: 417 },
  { name: 'a path that is no path', sent: get('GET nowhere'), status: 400 },
  { name: 'an address that is none', sent: get('GET http://[::1/health'), status: 400 },
  { name: 'an address with a port that is none', sent: get('GET http://a:b:c/nowhere'), status: 404 },
  { name: 'two slashes and a bracket', sent: get('GET //['), status: 404 },
  { name: 'a path that is wrongly encoded', sent: get('GET /%zz/%'), status: 404 },
  { name: 'an asterisk', sent: get('OPTIONS *'), status: 404 },
  { name: 'OPTIONS', sent: get(`OPTIONS ${path}`), status: 405 },
  { name: 'HEAD where there is no GET', sent: get(`HEAD ${path}`), status: 405 },
  { name: 'TRACE', sent: get('TRACE /health'), status: 405 },
  { name: 'a method nobody knows', sent: get('FETCH /health'), status: 400 },
  { name: 'a tunnel', sent: get('CONNECT a:80'), status: 0 },
  {
    name: 'another protocol',
    sent: get('GET /nowhere').replace('close', 'close, upgrade\r\nUpgrade: websocket'),
    status: 404,
  },
  { name: 'a body where none is wanted', sent: `${post}Content-Length: 3\r\n\r\nabc`, status: 400 },
  {
    name: 'a long body that is not read',
    sent: `${post}Content-Length: 20000\r\n\r\n${'x'.repeat(20_000)}`,
    status: 413,
  },
  {
    name: 'a body of another type',
    sent: `${post.replace(json, '')}Content-Length: 3\r\n\r\nabc`,
    status: 415,
  },
  {
    name: 'a body that is not what it says',
    sent: `${post}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc`,
    status: 400,
  },
];
for (const { name, sent, status } of rows) {
  test(`is answered with a problem, and the server lives on: ${name}`, { timeout: 120_000 }, async (t) => {
    const { log, lines } = memoryLog();
    const { port } = await startHttp(t, { times: quick, log });
    const text = await askRaw(port, sent);
    const [reply] = readReplies(text);
    assert.equal(reply?.status ?? 0, status, text);
    if (reply !== undefined) {
      assert.equal(reply.headers['content-type'], 'application/problem+json');
      const isHead = String(sent).startsWith('HEAD');
      const problem = isHead ? undefined : (JSON.parse(reply.body) as Record<string, unknown>);
      if (problem !== undefined) assert.equal(problem['status'], status);
      assert.equal(
        lines.some((line) => line.includes(`"status":${status}`)),
        true,
        'the log knows of it',
      );
    }
    assert.equal((await ask(port, '/health/live')).status, 200);
  });
}

test(
  'nonsense after an answer ends the connection, and is answered once',
  { timeout: 120_000 },
  async (t) => {
    const { port } = await startHttp(t, { times: quick });
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      if (text === '') socket.write(`nonsense\r\n\r\n${'x'.repeat(100_000)}`);
      text += part.toString();
    });
    socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    assert.deepEqual(
      readReplies(text).map(({ status }) => status),
      [200, 400],
    );
  },
);

async function untilAborted(_wanted: unknown, signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  throw new ServiceError('unavailable', 'the client has left');
}

test(
  'nonsense behind a request that is not answered yet is not taken for its answer',
  { timeout: 120_000 },
  async (t) => {
    const { port } = await startHttp(t, {
      times: quick,
      flows: memoryFlows({ accept: untilAborted }),
    });
    const body = JSON.stringify(provisionBody());
    const good = `POST ${path} HTTP/1.1\r\nHost: a\r\n${json}Content-Length: ${body.length}\r\n\r\n${body}`;
    assert.equal(await askRaw(port, `${good}nonsense\r\n\r\n`), '');
  },
);

test(
  'nonsense behind a request does not get into the middle of its answer',
  { timeout: 120_000 },
  async (t) => {
    const begun = Promise.withResolvers<undefined>();
    const stream: Route = {
      method: 'GET',
      path: '/stream',
      deadline: 'exempt',
      access: 'everybody',
      operation: { operationId: 'stream', tag: 'demo', summary: 'stream', parameters: {}, responses: {} },
      async handle(ctx) {
        ctx.respond = false;
        ctx.res.write('half');
        await new Promise((resolve) => ctx.res.once('close', resolve));
        begun.resolve(undefined);
      },
    };
    const { port } = await startHttp(t, { times: quick, routes: [stream] });
    const text = await askRaw(port, 'GET /stream HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n');
    await begun.promise;
    assert.ok(!text.includes('problem'), text);
  },
);
