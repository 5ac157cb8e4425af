import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ProxyHooks } from '../support/counting-proxy.ts';
import { killAtRequests } from '../support/kills/kill-at-requests.ts';
import type { KillStage, KillTransfer } from '../support/kills/kill-scenario.ts';
import {
  assertCallbacks,
  assertKept,
  completed,
  flowOf,
  openSignaling,
  whole,
  type SignalingStage,
} from '../support/kills/signaling.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a pull whose service is killed before and after any request, sent or received, ends in one Job, one started and the right bytes', (t) =>
  killAtRequests(t, { moments: ['before', 'after'], share: 0.5, scenario: openPull }));

async function openPull(t: TestContext, hooks: ProxyHooks): Promise<KillStage> {
  const stage = await openSignaling(t, { hooks });
  const { world, service } = stage;
  const proxies = ['cluster', 'store', 'callback', 'provision'];
  return { world, service, proxies, startTransfer: () => startPull(stage) };
}

function startPull(stage: SignalingStage): KillTransfer {
  const { id } = stage.connector.startTransfer({ assetId: 'echo' });
  const flow = flowOf(stage, id);
  const fetched: { status: number; sha256: string }[] = [];
  return {
    flow,
    async over() {
      await carryOut(stage, { id, fetched });
    },
    async assertEndedWell(context) {
      assertCallbacks(stage, { id, taken: { started: 1, completed: 0 }, context });
      const sums = fetched.filter(({ status }) => status === 200).map(({ sha256 }) => sha256);
      assert.deepEqual(new Set(sums), new Set([whole.sha256]), context);
      const statuses = new Set(fetched.map(({ status }) => status));
      assert.deepEqual(statuses, new Set([200, 403, 410]), context);
      await assertKept(stage, { flow, context });
    },
  };
}

/** The consumer fetches, suspends, resumes, fetches again and completes; it repeats a fetch whose connection was lost. */
async function carryOut(
  stage: SignalingStage,
  { id, fetched }: { id: string; fetched: { status: number; sha256: string }[] },
): Promise<void> {
  const { connector } = stage;
  // While the cluster does not answer, results are sent without a look at the state of the transfer.
  async function fetchUntil(wanted: number): Promise<void> {
    await waitUntil(`a fetch to be answered ${wanted}`, async () => {
      const { status, sha256 } = await connector.pull(id);
      fetched.push({ status, sha256 });
      return status === wanted;
    });
  }
  async function reach(state: string): Promise<void> {
    await connector.waitFor(id, (transfer) => transfer.state === state);
  }
  await connector.waitFor(id, 'STARTED');
  await fetchUntil(200);
  await waitUntil('the suspension', () => connector.suspend(id, { by: 'counterparty' }));
  await reach('SUSPENDED');
  await fetchUntil(403);
  await waitUntil('the resume', () => connector.resume(id));
  await reach('STARTED');
  await fetchUntil(200);
  await waitUntil('the completion', () => connector.complete(id));
  await completed(stage, id);
  await fetchUntil(410);
}
