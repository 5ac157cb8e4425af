import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

// The settings that a service has by default, and a connector that takes long to save an answer.
const settings = {
  http: { answerDeadlineMillis: 3000 },
  reconciler: { callbackHoldMillis: 2000, leaseSeconds: 15 },
};
const connectors = [{ name: 'provider', version: '0.15.1', saveDelayMillis: 1500 }] as const;

// Most of the time they wait.
suite('the two-second rule', { concurrency: true }, () => {
  for (const replicas of [1, 2]) {
    test(`with ${replicas} replicas no callback leaves within two seconds after an answer`, async (t) => {
      const world = await startWorld(t, { settings, connectors, replicas });
      const transfers = world.services.map((service) => {
        world.connectAll(service);
        return world.connector().startTransfer({ assetId: 'echo' });
      });
      for (const { id } of transfers) await world.connector().waitFor(id, 'COMPLETED');
      for (const { id } of transfers) assertNoneLeftEarly(world, id);
    });

    test(`with ${replicas} replicas no callback leaves as long as the request is repeated`, async (t) => {
      const world = await startWorld(t, { settings, connectors, replicas });
      const simulator = world.connector();
      const transfer = simulator.startTransfer({ assetId: 'echo' });
      const flow = world.flowOf(transfer);
      await waitUntil('the first answer', () => simulator.process(transfer.id).answeredAt !== undefined);
      // Longer than the first request alone would have held it back; and at every replica, one of which will call back.
      const deadline = performance.now() + 120_000;
      let end = deadline;
      while (performance.now() < end) {
        for (const service of world.services) {
          world.connectAll(service);
          const [result] = await simulator.repeat(transfer.id);
          // On a starved machine an answer may miss its deadline: its socket is closed, and the request counts all the same.
          if (result?.kind === 'answered') assert.equal(result.status, 200);
        }
        const known = (await world.namespace.flow(flow))?.outcome !== undefined;
        if (known && end === deadline) end = performance.now() + 7000;
        await delay(500);
      }
      assert.ok((await world.namespace.flow(flow))?.outcome, 'there is something to call back with');
      assert.equal(simulator.process(transfer.id).counts.callback, 0);
      await simulator.waitFor(transfer.id, 'COMPLETED');
      assertNoneLeftEarly(world, transfer.id);
    });
  }
});

/** On the connector's own clock. */
function assertNoneLeftEarly(world: World, transferProcessId: string): void {
  const simulator = world.connector();
  const { answeredAt = Infinity, overtaken } = simulator.process(transferProcessId);
  const callbacks = simulator.exchanges({ kind: 'callback', transferProcessId });
  assert.equal(callbacks.length, 1);
  for (const { at } of callbacks) assert.ok(at >= answeredAt + 2000, `${at} is soon after ${answeredAt}`);
  assert.equal(overtaken, false);
}
