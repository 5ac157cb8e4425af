import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProxyHooks, SeenRequest } from '../support/counting-proxy.ts';
import { startWatchedWorld } from '../support/start-watched-world.ts';
import { waitUntil } from '../support/wait-until.ts';

test('a deprovision without a type that overtakes the news of its callback is not taken for a repeat', async (t) => {
  const news = new HeldNews();
  const { world, service, connector } = await startWatchedWorld(t, news, '0.10.0');
  await service.start();
  const transfer = connector.startTransfer({ assetId: 'echo' });
  const flow = world.flowOf(transfer);
  function answered(): boolean {
    const asked = connector.exchanges({ kind: 'deprovision', transferProcessId: transfer.id });
    return asked.some(({ status }) => status === 200);
  }
  await waitUntil('the answer to the deprovision', answered);
  assert.equal((await world.namespace.flow(flow))?.told, undefined);
  news.release();
  await waitUntil('the results are deleted', async () => (await world.bucket.results(flow)).length === 0);
  const record = await waitUntil('the record tells of the deletion', async () => {
    const found = await world.bucket.record(flow);
    return found?.resultsDeletedAt === undefined ? undefined : found;
  });
  assert.equal(record.told.result, 'told');
  assert.equal(connector.exchanges({ kind: 'callback', transferProcessId: transfer.id }).length, 1);
});

/** Keeps the service from writing down that its callback was taken: the first write to the Job after that. */
class HeldNews implements ProxyHooks {
  #state: 'before' | 'taken' | 'held' = 'before';
  readonly #released = Promise.withResolvers<undefined>();

  async before({ proxy, method, path }: SeenRequest): Promise<boolean> {
    const isNews = proxy === 'cluster' && method === 'PATCH' && path.includes('/jobs/');
    if (this.#state !== 'taken' || !isNews) return true;
    this.#state = 'held';
    await this.#released.promise;
    return true;
  }

  after({ proxy }: SeenRequest, status: number): boolean {
    if (proxy === 'callback' && status === 204 && this.#state === 'before') this.#state = 'taken';
    return true;
  }

  release(): void {
    this.#released.resolve(undefined);
  }
}
