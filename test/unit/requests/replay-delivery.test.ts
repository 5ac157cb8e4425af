import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Delivery } from '../../../src/flow/delivery.ts';
import type { Flow } from '../../../src/flow/flow.ts';
import { outcomeFinalizer } from '../../../src/flow/labels.ts';
import { deliverOutcome } from '../../../src/reconciler/steps/deliver-outcome.ts';
import type { DeliveryAnswer } from '../../../src/reconciler/types.ts';
import { replayDelivery } from '../../../src/requests/replay-delivery.ts';
import { aJob } from '../../support/flow-job.ts';
import { at } from '../../support/flow-values.ts';
import { reconcile, startTestReconciler } from '../../support/test-reconciler.ts';
import { attempt, flow as name, memoryStore, sidecarWrites } from '../result/stored-results.ts';

const { signal } = new AbortController();
const { objects, report } = sidecarWrites({ 'a.txt': Buffer.from('a') });
const succeeded = {
  phase: 'succeeded',
  at: at(0),
  results: {
    ...{ attempt, files: report.files, bytes: report.bytes },
    ...{ manifestSha256: report.sha256, manifestEtag: report.etag },
  },
} as const;
const failed = { phase: 'failed', at: at(0), reason: 'worker-failed', message: 'exit code 1' } as const;
const abandoned: Delivery = {
  ...{ attempts: 9, startedAt: at(1), endedAt: at(2), result: 'abandoned' },
  history: {
    total: 9,
    kept: [{ sent: 'failure', startedAt: at(1), endedAt: at(1), result: 'failed', detail: '503' }],
  },
};
const instead = { at: at(1), reason: 'delivery-refused', message: 'not in time' } as const;
const ended: Partial<Flow> = {
  name,
  startedAt: at(0),
  outcome: failed,
  delivery: abandoned,
  finalizers: [],
  state: 'closed',
};

async function start(t: TestContext, members: Partial<Flow>, answer: () => DeliveryAnswer = later) {
  const sent: string[] = [];
  const reconciler = await startTestReconciler(t, {
    store: memoryStore(new Map(objects)),
    deliver({ message }) {
      sent.push(message.kind);
      return Promise.resolve(answer());
    },
  });
  await reconciler.api.cluster.jobs.create(aJob({ ...ended, ...members }), signal);
  reconciler.setClock(1000);
  async function replay() {
    return await replayDelivery(reconciler.deps, { flow: name, of: 'delivery' }, signal);
  }
  return { ...reconciler, sent, replay };
}

function later(): DeliveryAnswer {
  return { result: 'failed', problem: 'answered 503', slowly: false };
}

function taken(): DeliveryAnswer {
  return { result: 'delivered', status: 204 };
}

test('a replay opens the tombstone, and the results are sent again in place of their termination', async (t) => {
  const members = { outcome: succeeded, terminateInstead: instead };
  const { deps, see, sent, replay } = await start(t, members, taken);
  await replay();
  const opened = await see(name);
  assert.deepEqual([opened.state, opened.finalizers], ['open', [outcomeFinalizer]]);
  await reconcile(deps, name, signal);
  assert.deepEqual(sent, ['results']);
  const { delivery, state, finalizers, terminateInstead } = await see(name);
  assert.deepEqual(
    [delivery?.result, state, finalizers, terminateInstead],
    ['delivered', 'closed', [], undefined],
  );
  assert.equal(delivery?.history?.total, 10);
});

test('a repeat while the replay is under way changes nothing, and of two at once one opens the delivery', async (t) => {
  const { see, replay } = await start(t, {});
  await Promise.all([replay(), replay()]);
  const { resourceVersion, delivery } = await see(name);
  assert.equal(delivery?.replay?.count, 1);
  await replay();
  assert.equal((await see(name)).resourceVersion, resourceVersion);
});

test('a connector that stays away sees paced attempts for five minutes after a replay, and twenty replays at most', async (t) => {
  const delivery = { ...abandoned, replay: { at: at(3), count: 18 } };
  const { deps, see, setClock, sent, replay } = await start(t, { delivery });
  let now = 200_000;
  for (const replays of [1, 2]) {
    const beganAt = now;
    setClock(now);
    await replay();
    for (let flow = await see(name); flow.delivery?.result !== 'abandoned'; flow = await see(name)) {
      setClock(now);
      const step = await deliverOutcome(deps, flow, signal);
      if (step.kind === 'requeue') now += Math.ceil((step.millis ?? 0) / 1000);
    }
    // The pause before each is 45 to 75 s.
    assert.ok(now - beganAt <= 300 + 75);
    assert.ok(sent.length >= replays && sent.length <= replays * 7, `${sent.length} attempts`);
  }
  await assert.rejects(replay(), { code: 'conflict', message: /was replayed 20 times/ });
});

const refusals: { name: string; members: Partial<Flow>; message: RegExp }[] = [
  {
    name: 'was delivered',
    members: { delivery: { attempts: 1, result: 'delivered' } },
    message: /is delivered/,
  },
  { name: 'is obsolete', members: { delivery: { attempts: 1, result: 'obsolete' } }, message: /is obsolete/ },
  {
    name: 'is under way',
    members: { state: 'open', delivery: { attempts: 1, startedAt: at(1) } },
    message: /is under way/,
  },
  { name: 'was deprovisioned', members: { deprovisionAskedAt: at(3) }, message: /results are deleted/ },
];
for (const { name: title, members, message } of refusals) {
  test(`a delivery that ${title} is not replayed`, async (t) => {
    const { see, replay } = await start(t, members);
    const { resourceVersion } = await see(name);
    await assert.rejects(replay(), { code: 'conflict', message });
    assert.equal((await see(name)).resourceVersion, resourceVersion);
  });
}

test('a message that may have been taken is not repeated where that does harm, unless the connector can be asked', async (t) => {
  const lost: Delivery = {
    attempts: 1,
    startedAt: at(1),
    endedAt: at(2),
    result: 'abandoned',
    history: { total: 1, kept: [{ sent: 'failure', startedAt: at(1), result: 'unknown' }] },
  };
  const { deps, see, sent, replay } = await start(t, { delivery: lost });
  function rulesOf() {
    const lostAttempt = { askAfterMillis: 1 };
    return { holdMillis: 0, lostAttempt, onRefusal: 'end', confirmsDeprovision: false } as const;
  }
  await replay();
  await see(name);
  await reconcile({ ...deps, connectors: { ...deps.connectors, rulesOf } }, name, signal);
  assert.deepEqual(sent, []);
  const { delivery } = await see(name);
  assert.equal(delivery?.result, 'abandoned');
  assert.match(delivery.detail ?? '', /cannot be asked/);
});

test('a delivery whose Job is gone is not replayed', async (t) => {
  const { api, replay } = await start(t, {});
  await api.cluster.jobs.delete(name, {}, signal);
  await assert.rejects(replay(), { code: 'conflict', message: /its record cannot send/ });
});

test('a replay that comes while the record is written is delivered before the Job is closed', async (t) => {
  const store = memoryStore(new Map(objects));
  const { deps, see, sent, replay } = await start(t, { state: 'open' }, taken);
  let replays = 0;
  async function put(...args: Parameters<typeof store.put>) {
    if ((replays += 1) === 1) {
      await replay();
      await see(name);
    }
    return await store.put(...args);
  }
  await see(name);
  await reconcile({ ...deps, store: { ...store, put } }, name, signal);
  assert.deepEqual(sent, ['failure']);
  const { state, delivery } = await see(name);
  assert.deepEqual([state, delivery?.result], ['closed', 'delivered']);
});
