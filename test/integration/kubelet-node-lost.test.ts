import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferProcess } from 'connector-simulator';
import type { Attempt } from '../../src/flow/attempt.ts';
import { assertEnded, assertReceived, gatedFiles } from '../support/flow-ends.ts';
import { needing } from '../support/needs.ts';
import { openNodes } from '../support/nodes.ts';
import { nodeOf, podThat, runningPod, runningSuccessor } from '../support/pods.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test(
  'a node that loses power and is back at once has lost its pod, and its Job makes no other',
  needing('node to lose'),
  async (t) => {
    // However long its start takes, it is not given up.
    const world = await startWorld(t, {
      settings: { pods: { unreachableSeconds: 600, limits: { run: 900 } } },
    });
    const nodes = openNodes(t, world);
    const { transfer, node } = await startOnNode(world);
    await nodes.cut(node);
    await nodes.restore(node);
    await assertEnded(world, transfer, {
      phase: 'failed',
      reason: 'attempt-disrupted',
      // A kubelet that is back may also refuse the pod before it looks for its containers.
      says: /ContainerStatusUnknown|Pod was rejected/,
    });
  },
);

test(
  'a pod whose node was lost is followed by another once the node is back, and its results alone are handed out',
  needing('node to lose'),
  async (t) => {
    const world = await startWorld(t, { settings: impatient });
    const nodes = openNodes(t, world);
    const { transfer, flow, first, node } = await startOnNode(world);
    await nodes.cut(node);
    await givenUp(world, flow);
    assert.equal((await world.namespace.pods(flow)).length, 1);
    await nodes.restore(node);
    const second = await runningSuccessor(world, first);
    world.gate.open();
    const record = await assertReceived(world, transfer, gatedFiles);
    assert.equal(record.outcome.phase === 'succeeded' && record.outcome.results.attempt, second.id);
  },
);

test(
  'a node that stays away ends the transfer: nobody waits for it, and no second pod works beside the first',
  needing('node to lose'),
  async (t) => {
    const world = await startWorld(t, {
      settings: { pods: { unreachableSeconds: 2, limits: { run: 900, upload: 5 } } },
    });
    const nodes = openNodes(t, world);
    const { transfer, flow, first, node } = await startOnNode(world);
    await nodes.cut(node);
    await world.connector().waitFor(transfer.id, 'TERMINATED', { deadlineMs: 240_000 });
    assert.equal((await world.namespace.job(flow))?.spec?.suspend, true);
    assert.ok((await world.namespace.pods(flow)).every(({ metadata }) => metadata?.name === first.pod));
    await nodes.restore(node);
    await assertEnded(world, transfer, {
      phase: 'failed',
      reason: 'node-lost',
      says: /DeletionByTaintManager/,
    });
  },
);

test('a kubelet that is silent for a moment changes nothing', needing('two real nodes'), async (t) => {
  const world = await startWorld(t);
  const nodes = openNodes(t, world);
  const { transfer, first, node } = await startOnNode(world);
  await nodes.stopKubelet(node);
  const before = world.gate.asked;
  await waitUntil('the worker goes on', () => world.gate.asked > before);
  world.gate.open();
  await nodes.startKubelet(node);
  const record = await assertReceived(world, transfer, gatedFiles);
  assert.equal(record.attempt?.attempt, first.id);
});

test(
  'a worker that goes on where no kubelet speaks for it has no other beside it, and what it did does not count',
  needing('two real nodes'),
  async (t) => {
    const world = await startWorld(t, { settings: impatient });
    const nodes = openNodes(t, world);
    const { transfer, flow, first, node } = await startOnNode(world);
    await nodes.stopKubelet(node);
    await givenUp(world, flow);
    const before = world.gate.asked;
    await waitUntil('the worker goes on', () => world.gate.asked > before);
    assert.equal((await world.namespace.pods(flow)).length, 1);
    await nodes.startKubelet(node);
    const second = await runningSuccessor(world, first);
    world.gate.open();
    const record = await assertReceived(world, transfer, gatedFiles);
    assert.equal(record.outcome.phase === 'succeeded' && record.outcome.results.attempt, second.id);
  },
);

/** A transfer whose worker runs, its attempt, and the node that it runs on. */
async function startOnNode(world: World): Promise<{
  transfer: TransferProcess;
  flow: string;
  first: Attempt;
  node: string;
}> {
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  const first = await runningPod(world, flow);
  return { transfer, flow, first, node: await nodeOf(world, first.pod) };
}

/** Pods are given up soon after their node is, and waited for until it is surely back. */
const impatient = { pods: { unreachableSeconds: 2, limits: { run: 900, upload: 300 } } };

async function givenUp(world: World, flow: string): Promise<void> {
  await podThat(world, {
    flow,
    is: 'is given up with its node',
    does: ({ disrupted }) => disrupted === 'DeletionByTaintManager',
  });
}
