import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import type { ConnectorSimulator } from 'connector-simulator';
import type { ProxyHooks } from '../counting-proxy.ts';
import { startWatchedWorld } from '../start-watched-world.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';
import type { KillStage, KillTransfer } from './kill-scenario.ts';

/** Transfers of a control plane that provisions; only what the service sends passes the hooks. */
export async function openControlPlane(t: TestContext, hooks: ProxyHooks): Promise<KillStage> {
  const { world, service, connector } = await startWatchedWorld(t, hooks, '0.15.1');
  const proxies = ['cluster', 'store', 'callback'];
  return { world, service, proxies, startTransfer: () => startTransfer(world, connector) };
}

function startTransfer(world: World, connector: ConnectorSimulator): KillTransfer {
  const transfer = connector.startTransfer({ assetId: 'echo' });
  const flow = world.flowOf(transfer);
  return {
    flow,
    over: () =>
      waitUntil(`the end of ${flow}`, async () => {
        const { state, deprovisionAskedAt, resultsDeletedAt } = (await world.namespace.flow(flow)) ?? {};
        return state === 'closed' && deprovisionAskedAt !== undefined && resultsDeletedAt !== undefined;
      }),
    async assertEndedWell(context) {
      const { id } = transfer;
      const process = connector.process(id);
      assert.equal(process.state, 'DEPROVISIONED', context);
      assert.equal(process.overtaken, false, context);
      const callbacks = connector.exchanges({ kind: 'callback', transferProcessId: id });
      assert.equal(callbacks.filter(({ status }) => status === 204).length, 1, context);
      await assertFetched(connector, id, context);
      assert.deepEqual(await world.bucket.results(flow), [], context);
    },
  };
}

/**
 * The consumer has its bytes, once and whole; or the connector, which gives up on a source soon, asked while the one replica there
 * is was dead: it had the callback, and that is what can be promised with one replica.
 */
async function assertFetched(connector: ConnectorSimulator, id: string, context: string): Promise<void> {
  const [received, ...others] = connector.received(id);
  assert.equal(others.length, 0, context);
  if (received !== undefined) {
    assert.equal(await readFile(received.path, 'utf8'), 'hello from the worker: ä ö ü €\n', context);
    return;
  }
  const asked = connector.exchanges({ kind: 'source', transferProcessId: id });
  const answered = asked.filter(({ status }) => status !== undefined);
  assert.deepEqual(answered, [], `${context}: the source was alive`);
}
