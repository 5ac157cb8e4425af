import type { TestContext } from 'node:test';
import type { TransferProcess } from 'connector-simulator';
import { startFaultyProxy, type FaultyProxy } from './faulty-proxy.ts';
import { startWorld, type WorldOptions } from './start-world.ts';
import { waitUntil } from './wait-until.ts';
import type { World } from './world.ts';

export interface ProxiedWorld {
  world: World;
  /** What pods take for the store; the service has the store itself. */
  podStore: FaultyProxy;
}

/** A world whose pods upload through a proxy that a test may let fail. */
export async function startProxiedWorld(t: TestContext, options: WorldOptions = {}): Promise<ProxiedWorld> {
  const world = await startWorld(t, { ...options, replicas: 0 });
  const podStore = await startFaultyProxy(world.servers.s3.endpoint, process.env['TEST_HOST']);
  t.after(() => podStore[Symbol.asyncDispose]());
  const service = await world.addService({ store: { podEndpoint: podStore.url } });
  world.connectAll();
  await service.start();
  return { world, podStore };
}

export interface HeldUpload extends ProxiedWorld {
  transfer: TransferProcess;
  flow: string;
}

/** A flow whose worker's end is saved, and whose upload finds no store until the test clears `podStore.fault`. */
export async function startHeldUpload(t: TestContext, options: WorldOptions = {}): Promise<HeldUpload> {
  const { world, podStore } = await startProxiedWorld(t, options);
  const transfer = world.connector().startTransfer({ assetId: 'gated' });
  const flow = world.flowOf(transfer);
  await waitUntil('the worker runs', () => world.gate.asked > 0);
  podStore.fault = outOfService;
  world.gate.open();
  await waitUntil('the end of the worker is noted', async () => (await world.namespace.flow(flow))?.worker);
  return { world, podStore, transfer, flow };
}

/** As a store answers that is being restarted: every client tries again. */
export function outOfService(): { kind: 'status'; when: 'before'; status: number } {
  return { kind: 'status', when: 'before', status: 503 };
}
