import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { Route } from '../../../src/http/route.ts';
import { createMetrics } from '../../../src/metrics.ts';
import { memoryFlows } from './memory-flows.ts';
import { ask, provisionBody, startHttp, token } from './start-http.ts';

const path = `/connectors/edc/${token}/provision`;

test('a request without an answer loses its socket, and its work is aborted', async (t) => {
  const stopped = Promise.withResolvers<unknown>();
  const flows = memoryFlows({
    accept: (_wanted, signal) => {
      signal.addEventListener('abort', () => {
        stopped.resolve(signal.reason);
      });
      return new Promise(() => undefined);
    },
  });
  const metrics = createMetrics({ processMetrics: false });
  const { port } = await startHttp(t, { flows, metrics, http: { answerDeadlineMillis: 100 } });
  await assert.rejects(ask(port, path, { body: provisionBody() }), /socket hang up|ECONNRESET/);
  assert.match(String(await stopped.promise), /no answer within 100 ms/);
  assert.match(await metrics.registry.metrics(), /^edc_jp_http_deadlines_total 1$/m);
});

test('a body that never ends loses its socket', async (t) => {
  const { port } = await startHttp(t, { http: { answerDeadlineMillis: 100 } });
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket
    .resume()
    .write(
      `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
  await new Promise((resolve) => socket.once('close', resolve));
});

test('what streams is not bound by it', async (t) => {
  const served = Promise.withResolvers<undefined>();
  const slow: Route = {
    method: 'GET',
    path: '/slow',
    deadline: 'exempt',
    access: 'everybody',
    operation: { operationId: 'slow', tag: 'demo', summary: 'slow', parameters: {}, responses: {} },
    async handle(ctx) {
      await served.promise;
      ctx.body = 'there';
    },
  };
  const flows = memoryFlows({ accept: () => new Promise(() => undefined) });
  const { port } = await startHttp(t, { flows, routes: [slow], http: { answerDeadlineMillis: 100 } });
  const answer = ask(port, '/slow');
  // Sent later and bound by the deadline: once it has lost its socket, the deadline of the first would be over as well.
  await assert.rejects(ask(port, path, { body: provisionBody() }));
  served.resolve(undefined);
  assert.equal((await answer).body, 'there');
});

test('an answer that is ready only after its deadline is not sent: its callback may be on its way', async (t) => {
  const metrics = createMetrics({ processMetrics: false });
  const late: Route = {
    method: 'GET',
    path: '/late',
    deadline: 'bounded',
    access: 'everybody',
    operation: { operationId: 'late', tag: 'demo', summary: 'late', parameters: {}, responses: {} },
    handle(ctx) {
      // A process that is held up: no timer can fire meanwhile.
      while (performance.now() - ctx.state.arrivedAt < 150);
      ctx.body = 'late';
    },
  };
  const { port } = await startHttp(t, { metrics, routes: [late], http: { answerDeadlineMillis: 100 } });
  await assert.rejects(ask(port, '/late'), /socket hang up|ECONNRESET/);
  assert.match(await metrics.registry.metrics(), /^edc_jp_http_deadlines_total 1$/m);
});
