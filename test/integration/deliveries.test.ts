import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostAttempts } from '../support/attempt-bound.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

interface Delivery {
  number: number;
  message: string;
  state: string;
  attemptCount: number;
  attempts: {
    number: number;
    sent: string;
    startedAt: string;
    endedAt?: string;
    result?: string;
    detail?: string;
  }[];
  links?: { replay: string };
}

const backoff = { firstMillis: 200, maxMillis: 2000 };
/** An attempt that a busy machine delays is neither repeated nor made by another leader. */
const reconciler = { backoff, deliverySeconds: 10, deliveryTimeoutMillis: 20_000, leaseSeconds: 30 };

/** All requests may be repeated: a service that answers late on a busy machine closes the connection. */
async function ask(world: World, path: string, method = 'GET'): Promise<{ status: number; body: unknown }> {
  const { pathname } = new URL(path, world.service.url);
  return await waitUntil('an answer', async () => {
    const answer = await fetch(`${world.service.url}${pathname}`, { method }).catch(() => undefined);
    return answer && { status: answer.status, body: await answer.json() };
  });
}

async function deliveriesOf(world: World, flow: string): Promise<Delivery[]> {
  const { status, body } = await ask(world, `/api/v1/jobs/${flow}/deliveries`);
  assert.equal(status, 200, JSON.stringify(body));
  return (body as { items: Delivery[] }).items;
}

async function abandonedOne(world: World, flow: string): Promise<Delivery> {
  return await waitUntil('the delivery is abandoned', async () =>
    (await deliveriesOf(world, flow)).find(
      ({ state, links }) => state === 'abandoned' && links !== undefined,
    ),
  );
}

test('people see every attempt at a connector that is down, and have the message sent again when it is back', async (t) => {
  const world = await startWorld(t, {
    replicas: 2,
    connectors: ['down', 'up'].map((name) => ({ name, version: '0.15.1' })),
    // Callbacks are held as long as an answer may take, and that must be shorter than a delivery.
    settings: { http: { answerDeadlineMillis: 3000 }, reconciler },
  });
  const down = world.connector('down');
  const up = world.connector('up');
  for (const kind of ['callback', 'management'] as const)
    down.misbehave(kind, { kind: 'status', status: 503 });
  const transfer = down.startTransfer({ assetId: 'exit-1' });
  const flow = world.flowOf(transfer, 'down');
  function attemptsSeen(): number {
    return down
      .exchanges({ kind: 'management', transferProcessId: transfer.id })
      .filter(({ method }) => method === 'POST').length;
  }

  const first = await abandonedOne(world, flow);
  assert.deepEqual([first.number, first.message], [1, 'outcome']);
  assert.equal(first.attemptCount, attemptsSeen());
  const numbers = first.attempts.map(({ number }) => number);
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  assert.equal(numbers.at(-1), first.attemptCount);
  for (const { sent, result, detail, startedAt, endedAt = '' } of first.attempts) {
    assert.deepEqual([sent, result, detail], ['failure', 'failed', 'answered 503']);
    assert.ok(startedAt <= endedAt);
  }

  const replayPath = first.links?.replay ?? '';
  const beganAt = performance.now();
  const clicks = await Promise.all([1, 2, 3, 4].map(() => ask(world, replayPath, 'POST')));
  assert.deepEqual(
    clicks.map(({ status }) => status),
    [202, 202, 202, 202],
  );
  const neighbour = up.startTransfer({ assetId: 'exit-1' });
  await up.waitFor(neighbour.id, 'TERMINATED');
  const [other] = await waitUntil('the neighbour is delivered', async () => {
    const listed = await deliveriesOf(world, world.flowOf(neighbour, 'up'));
    return listed.some(({ state }) => state === 'delivered') ? listed : undefined;
  });
  assert.deepEqual([other?.attemptCount, other?.links], [1, undefined]);
  const second = await abandonedOne(world, flow);
  assert.equal(second.attemptCount, attemptsSeen());
  const replayed = second.attemptCount - first.attemptCount;
  const most = mostAttempts(performance.now() - beganAt, backoff);
  assert.ok(replayed >= 1 && replayed <= most, `${replayed} attempts, not 1 to ${most}`);

  for (const kind of ['callback', 'management'] as const) down.misbehave(kind, undefined);
  assert.equal((await ask(world, replayPath, 'POST')).status, 202);
  await down.waitFor(transfer.id, 'TERMINATED');
  const [last] = await waitUntil('the delivery has its answer', async () => {
    const listed = await deliveriesOf(world, flow);
    return listed.some(({ state }) => state === 'delivered') ? listed : undefined;
  });
  assert.equal(last?.attemptCount, second.attemptCount + 1);
  assert.equal(last.attemptCount, attemptsSeen());
  assert.equal(last.attempts.at(-1)?.result, 'delivered');
  const again = await ask(world, replayPath, 'POST');
  assert.equal(again.status, 409);
  assert.match(
    (again.body as { detail: string }).detail,
    /is delivered: expected an abandoned or rejected one/,
  );

  await waitUntil('the record has the new end', async () => {
    const record = await world.bucket.record(flow);
    return record?.delivery.result === 'delivered';
  });
  await world.namespace.deleteJob(flow);
  await waitUntil('the Job is gone', async () => (await world.namespace.job(flow)) === undefined);
  const recorded = await deliveriesOf(world, flow);
  assert.deepEqual(recorded, [last]);
  assert.equal((await ask(world, `/api/v1/jobs/${flow}/deliveries/2/replay`, 'POST')).status, 404);
});
