import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { busyHold } from '../../../src/http/middleware/busy-hold.ts';
import { ServiceError } from '../../../src/errors.ts';
import { memoryFlows } from './memory-flows.ts';
import { ask, provisionBody, startHttp, token } from './start-http.ts';

type Context = Parameters<ReturnType<typeof busyHold>>[0];

function answered(status: number, holdsErrors?: boolean, stop = new AbortController()): Context {
  const route = holdsErrors === undefined ? {} : { route: { holdsErrors } };
  const ctx = { status, state: { arrivedAt: performance.now(), signal: stop.signal, ...route } };
  return ctx as unknown as Context;
}

/** Whether the answer has left once all that does not wait for a timer has run. */
function leaves(t: TestContext, ctx: Context): () => Promise<boolean> {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let gone = false;
  void Promise.resolve(busyHold({ millis: 60_000 })(ctx, () => Promise.resolve())).then(() => {
    gone = true;
  });
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return gone;
  };
}

test('an error of ours is held on a route that says so, and leaves when its time has come', async (t) => {
  const gone = leaves(t, answered(503, true));
  assert.equal(await gone(), false);
  t.mock.timers.tick(60_000);
  assert.equal(await gone(), true);
});

test('a held answer ends when the client has left', async (t) => {
  const stop = new AbortController();
  const gone = leaves(t, answered(500, undefined, stop));
  assert.equal(await gone(), false);
  stop.abort();
  assert.equal(await gone(), true);
});

const free = [
  { name: 'a refusal', status: 404, holdsErrors: true },
  { name: 'an acceptance', status: 200, holdsErrors: true },
  { name: 'an error on a route for people', status: 503, holdsErrors: false },
];
for (const { name, status, holdsErrors } of free) {
  test(`${name} is not held`, async (t) => {
    const gone = leaves(t, answered(status, holdsErrors));
    assert.equal(await gone(), true);
  });
}

test('the server holds the 503 of a flow that could not be stored', async (t) => {
  const flows = memoryFlows({
    accept: () => Promise.reject(new ServiceError('cluster-unavailable', 'down')),
  });
  const { port, server } = await startHttp(t, { flows, http: { busyHoldMillis: 100_000 } });
  const held = ask(port, `/connectors/edc/${token}/provision`, { body: provisionBody() }).catch(
    () => 'never answered',
  );
  for (let asked = 0; asked < 20; asked += 1) assert.equal((await ask(port, '/health/live')).status, 200);
  await server.close();
  assert.equal(await held, 'never answered');
});
