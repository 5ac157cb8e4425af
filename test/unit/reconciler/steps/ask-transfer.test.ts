import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Flow } from '../../../../src/flow/flow.ts';
import type { DeliveryAnswer, Message, TransferState } from '../../../../src/reconciler/types.ts';
import { aJob } from '../../../support/flow-job.ts';
import { aFlow, at } from '../../../support/flow-values.ts';
import { reconcile, startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const { name } = aFlow();
const outcome = { phase: 'failed', at: at(0), reason: 'worker-failed', message: 'exit code 1' } as const;

/** A flow of a dialect for which a repeat does harm; the connector says `state` when it is asked. */
async function start(
  t: TestContext,
  members: Partial<Flow>,
  { state, answers = [] }: { state?: TransferState; answers?: DeliveryAnswer[] } = {},
) {
  const sent: Message['kind'][] = [];
  const reconciler = await startTestReconciler(t, {
    store: memoryStore(new Map()),
    rules: { lostAttempt: { askAfterMillis: 10_000 }, onRefusal: 'end', confirmsDeprovision: true },
    deliver({ message }) {
      sent.push(message.kind);
      return Promise.resolve(answers.shift() ?? { result: 'delivered', status: 204 });
    },
  });
  const { deps, api, see, setClock } = reconciler;
  if (state !== undefined)
    deps.connectors = {
      ...deps.connectors,
      polled: ['provider'],
      poll: () => Promise.resolve({ states: new Map([[name, state]]) }),
    };
  await api.cluster.jobs.create(aJob({ name, startedAt: at(0), outcome, ...members }), signal);
  setClock(60);
  await see(name);
  return { deps, sent, see, setClock };
}

const rows: { state: TransferState; result: string; sent: string[] }[] = [
  { state: { is: 'waiting' }, result: 'delivered', sent: ['failure'] },
  { state: { is: 'started', state: 'STARTED' }, result: 'delivered', sent: [] },
  { state: { is: 'ended', state: 'TERMINATED' }, result: 'obsolete', sent: [] },
  { state: { is: 'missing' }, result: 'abandoned', sent: [] },
  { state: { is: 'open' }, result: 'unknown', sent: [] },
];
for (const { state, result, sent: expected } of rows) {
  test(`an attempt that nobody knows of is ${result}, if its transfer is ${state.is}`, async (t) => {
    const delivery = { attempts: 1, startedAt: at(1) };
    const { deps, sent, see, setClock } = await start(t, { delivery }, { state });
    for (const seconds of [60, 600]) {
      setClock(seconds);
      await reconcile(deps, name, signal);
    }
    assert.deepEqual(sent, expected);
    assert.equal((await see(name)).delivery?.result, result);
  });
}

test('the connector is asked only once its state has had time to follow', async (t) => {
  const delivery = { attempts: 1, startedAt: at(55) };
  const { deps, sent } = await start(t, { delivery }, { state: { is: 'waiting' } });
  assert.equal((await reconcile(deps, name, signal)).requeueAfterMillis, 5000);
  assert.deepEqual(sent, []);
});

test('a connector that only says that it is busy is asked whether its transfer has ended', async (t) => {
  const delivery = { attempts: 3, startedAt: at(1), endedAt: at(1), result: 'failed' } as const;
  const { deps, sent, see, setClock } = await start(
    t,
    { delivery },
    { state: { is: 'ended', state: 'TERMINATED' } },
  );
  setClock(3600);
  await reconcile(deps, name, signal);
  assert.deepEqual([sent, (await see(name)).delivery?.result], [[], 'obsolete']);
});

test('a deprovision is confirmed once its results are deleted, again only after an attempt in vain', async (t) => {
  const delivery = { attempts: 1, startedAt: at(1), endedAt: at(1), result: 'delivered' } as const;
  const answers: DeliveryAnswer[] = [{ result: 'unknown', problem: 'reset' }];
  const { deps, sent, see, setClock } = await start(t, { delivery, deprovisionAskedAt: at(50) }, { answers });
  await reconcile(deps, name, signal);
  const { confirmation, resultsDeletedAt, state } = await see(name);
  assert.deepEqual([sent, confirmation?.result, state], [['deprovisioned'], 'failed', 'open']);
  assert.ok(resultsDeletedAt !== undefined);
  setClock(120);
  await reconcile(deps, name, signal);
  await reconcile(deps, name, signal);
  const done = await see(name);
  assert.deepEqual([sent.length, done.confirmation?.result, done.state], [2, 'delivered', 'closed']);
});

test('a confirmation that nobody takes does not keep a flow from its record', async (t) => {
  const delivery = { attempts: 1, startedAt: at(1), endedAt: at(1), result: 'delivered' } as const;
  const { deps, sent, see, setClock } = await start(t, { delivery, deprovisionAskedAt: at(50) });
  setClock(3600);
  await reconcile(deps, name, signal);
  const { confirmation, state } = await see(name);
  assert.deepEqual([sent, confirmation?.result, state], [[], 'abandoned', 'closed']);
});

test('a flow of a dialect that the service does not know any more says so', async (t) => {
  const { deps, see } = await start(t, {});
  deps.connectors = { ...deps.connectors, rulesOf: () => undefined };
  await reconcile(deps, name, signal);
  assert.match((await see(name)).delivery?.detail ?? '', /does not know the dialect "control-plane"/);
});
