import type { TestContext } from 'node:test';
import { startFaultyProxy, type FaultyProxy } from './faulty-proxy.ts';
import { startWorld, type WorldOptions } from './start-world.ts';
import type { World } from './world.ts';

/** A world whose pods reach the store through a proxy of the test's; the service and the test reach it directly. */
export async function startWorldBehindProxy(
  t: TestContext,
  options: WorldOptions,
): Promise<{ world: World; proxy: FaultyProxy }> {
  const world = await startWorld(t, { ...options, replicas: 0 });
  const proxy = await startFaultyProxy(world.servers.s3.podEndpoint, process.env['TEST_HOST']);
  t.after(() => proxy[Symbol.asyncDispose]());
  const service = await world.addService({ store: { podEndpoint: proxy.url } });
  world.connectAll();
  await service.start();
  return { world, proxy };
}
