import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import type { ConnectorSimulator } from 'connector-simulator';
import { flowName } from '../../src/flow/names.ts';
import type { ProxyHooks } from '../support/counting-proxy.ts';
import { killAtRequests } from '../support/kills/kill-at-requests.ts';
import type { KillStage, KillTransfer } from '../support/kills/kill-scenario.ts';
import { watchService } from '../support/start-watched-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a transfer of a data plane whose service is killed before and after any request, sent or received, ends in one Job, one callback and the right bytes', (t) =>
  killAtRequests(t, { moments: ['before', 'after'], share: 0.5, scenario: openDataPlane }));

const name = 'provider';

async function openDataPlane(t: TestContext, hooks: ProxyHooks): Promise<KillStage> {
  const { world, service, at } = await watchService(t, {
    hooks,
    received: true,
    world: ({ callback }) => ({
      // As long as some of the pauses below: a connector that the kill has cut off repeats its request before the callback leaves.
      settings: { reconciler: { takeoverHoldMillis: 5000 } },
      connectors: [
        {
          name,
          version: '0.18.0',
          iterationWaitMillis: 5,
          requestRetryMillis: 50,
          // Its consumer waits for the source for as long as a service on a busy machine needs to start again.
          retryDelaysMillis: [0, 0, ...Array<number>(100).fill(500)],
          settings: {
            dialect: 'data-plane',
            callbackPrefix: `${callback}/provisioning`,
            managementUrl: `${callback}/management`,
          },
        },
      ],
    }),
    connectorUrl: (started) => started.connector().callbackAddress,
  });
  const connector = world.connector();
  connector.provisionAt(world.provisionUrl({ service }).replace(service.url, at.provision));
  const proxies = ['cluster', 'store', 'callback', 'provision'];
  return { world, service, proxies, startTransfer: () => startTransfer(world, connector) };
}

function startTransfer(world: World, connector: ConnectorSimulator): KillTransfer {
  const { id, resourceDefinitionId } = connector.startTransfer({ assetId: 'echo' });
  const ids = { flowId: id, provisionResourceId: resourceDefinitionId };
  const flow = flowName({ dialect: 'data-plane', connector: name, ids });
  return {
    flow,
    async over() {
      await connector.waitFor(id, ({ dataFlow }) => dataFlow === 'DEPROVISIONED');
      await waitUntil(`the end of ${flow}`, async () => {
        const { state, confirmation, resultsDeletedAt } = (await world.namespace.flow(flow)) ?? {};
        return state === 'closed' && confirmation?.result !== undefined && resultsDeletedAt !== undefined;
      });
    },
    async assertEndedWell(context) {
      const { consumer, overtaken, rewinds } = connector.process(id);
      assert.deepEqual([consumer.state, overtaken, rewinds], ['COMPLETED', false, 0], context);
      const callbacks = connector.exchanges({ kind: 'callback', transferProcessId: id });
      const provisioned = callbacks.filter(({ target }) => target.endsWith('/provision'));
      // A second one would move the flow back. One that did not arrive is sent again.
      assert.deepEqual(
        provisioned.map(({ status }) => status),
        [204],
        context,
      );
      const confirmed = callbacks.filter(({ target }) => target.endsWith('/deprovision'));
      assert.ok(
        confirmed.length > 0 && confirmed.length <= 2,
        `${confirmed.length} confirmations, ${context}`,
      );
      const [received, ...others] = connector.received(id);
      assert.equal(await readFile(received?.path ?? '', 'utf8'), 'hello from the worker: ä ö ü €\n', context);
      assert.equal(others.length, 0, context);
      assert.deepEqual(await world.bucket.results(flow), [], context);
    },
  };
}
