import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ConnectorSimulator } from 'connector-simulator';
import { isUnderWay } from '../../src/flow/delivery.ts';
import type { FlowRecord } from '../../src/flow/record.ts';
import type { ProxyHooks, SeenRequest } from '../support/counting-proxy.ts';
import { startWatchedWorld } from '../support/start-watched-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

test('a deprovision without a type that overtakes the news of its callback is not taken for a repeat', async (t) => {
  const { news, world, connector, transfer, flow } = await startEarlyDeprovision(t);
  await waitUntil('a deprovision was refused for now', () => statuses(connector, transfer).includes(503));
  assert.ok(isUnderWay((await world.namespace.flow(flow))?.delivery));
  assert.ok(!statuses(connector, transfer).includes(200), 'nobody knows yet what it is');
  news.release();
  const record = await deletedResults(world, flow);
  assert.equal(record.delivery.result, 'delivered');
  assert.ok(statuses(connector, transfer).includes(200));
  assert.equal(connector.exchanges({ kind: 'callback', transferProcessId: transfer.id }).length, 1);
});

test('a deprovision without a type is answered, and the results go, although the news of its callback died with the service', async (t) => {
  const { news, world, service, connector, transfer, flow } = await startEarlyDeprovision(t);
  await waitUntil('a deprovision was refused for now', () => statuses(connector, transfer).includes(503));
  await service.kill();
  news.drop();
  await service.start();
  await waitUntil('the answer to the deprovision', () => statuses(connector, transfer).includes(200));
  const record = await deletedResults(world, flow);
  assert.equal(record.delivery.result, 'obsolete');
  const callbacks = connector.exchanges({ kind: 'callback', transferProcessId: transfer.id });
  assert.deepEqual(
    callbacks.map(({ status }) => status),
    [204, 409],
  );
});

/** A transfer whose connector has taken its callback and deprovisions, while that cannot be written down. */
async function startEarlyDeprovision(t: TestContext) {
  const news = new HeldNews();
  const { world, service, connector } = await startWatchedWorld(t, news, '0.10.0');
  await service.start();
  const transfer = connector.startTransfer({ assetId: 'echo' });
  return { news, world, service, connector, transfer, flow: world.flowOf(transfer) };
}

function statuses(connector: ConnectorSimulator, { id }: { id: string }): (number | undefined)[] {
  return connector.exchanges({ kind: 'deprovision', transferProcessId: id }).map(({ status }) => status);
}

async function deletedResults(world: World, flow: string): Promise<FlowRecord> {
  await waitUntil('the results are deleted', async () => (await world.bucket.results(flow)).length === 0);
  return await waitUntil('the record tells of the deletion', async () => {
    const found = await world.bucket.record(flow);
    return found?.resultsDeletedAt === undefined ? undefined : found;
  });
}

/** Keeps the service from writing down that its callback was taken: the first write to the Job after that. */
class HeldNews implements ProxyHooks {
  #state: 'before' | 'taken' | 'held' = 'before';
  readonly #released = Promise.withResolvers<boolean>();

  async before({ proxy, method, path }: SeenRequest): Promise<boolean> {
    const isNews = proxy === 'cluster' && method === 'PATCH' && path.includes('/jobs/');
    if (this.#state !== 'taken' || !isNews) return true;
    this.#state = 'held';
    return await this.#released.promise;
  }

  after({ proxy }: SeenRequest, status: number): boolean {
    if (proxy === 'callback' && status === 204 && this.#state === 'before') this.#state = 'taken';
    return true;
  }

  release(): void {
    this.#released.resolve(true);
  }

  drop(): void {
    this.#released.resolve(false);
  }
}
