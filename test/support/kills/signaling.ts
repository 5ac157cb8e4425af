import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { SignalingSimulator, SignalingTransfer } from 'connector-simulator';
import { mostAttempts } from '../attempt-bound.ts';
import type { ProxyHooks } from '../counting-proxy.ts';
import type { Proxies } from '../open-proxies.ts';
import type { ServiceProcess } from '../service-process.ts';
import { transferTypes } from '../signaling-connectors.ts';
import { watchService } from '../start-watched-world.ts';
import { waitUntil } from '../wait-until.ts';
import type { World } from '../world.ts';

const name = 'provider';
const content = Buffer.from('hello from the worker: ä ö ü €\n');

/** What the template `echo` gives. */
export const whole = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };

export interface SignalingStage {
  world: World;
  service: ServiceProcess;
  at: Proxies['at'];
  connector: SignalingSimulator;
}

/** A provider's control plane and the service as its data plane; the requests in both directions pass the hooks. */
export async function openSignaling(
  t: TestContext,
  { hooks, sink }: { hooks: ProxyHooks; sink?: string },
): Promise<SignalingStage> {
  const { world, service, at } = await watchService(t, {
    hooks,
    received: true,
    world: ({ callback }) => ({
      signaling: [
        {
          name,
          release: '0.18.0-signaling',
          iterationWaitMillis: 5,
          settings: { callbackPrefix: `${callback}/signaling` },
        },
      ],
    }),
    connectorUrl: (started) => started.signaling(name).callbackAddress,
    ...(sink === undefined ? {} : { sink }),
  });
  const connector = world.signaling(name);
  const endpoint = world.dataFlowsUrl(name, service).replace(service.url, at.provision);
  connector.register({ dataplaneId: 'the-service', endpoint, transferTypes });
  return { world, service, at, connector };
}

export function flowOf({ world }: SignalingStage, id: string): string {
  return world.dataFlowOf({ id }, name);
}

/** The control plane has its end, and the flow has nothing left to do. */
export async function completed({ world, connector, ...stage }: SignalingStage, id: string): Promise<void> {
  await connector.waitFor(id, 'COMPLETED');
  const flow = flowOf({ world, connector, ...stage }, id);
  await waitUntil(`the end of ${flow}`, async () => {
    const { state, protocol } = (await world.namespace.flow(flow)) ?? {};
    return state === 'closed' && protocol?.state === 'COMPLETED';
  });
}

/** The quick settings of the tests. */
const backoff = { firstMillis: 100, maxMillis: 500 };

export interface Taken {
  started: number;
  completed: number;
}

/** Each callback took effect so often, was sent no more often than the back-off allows, and nothing else was sent. */
export function assertCallbacks(
  { connector }: SignalingStage,
  { id, taken, context }: { id: string; taken: Taken; context: string },
): void {
  const transfer = connector.process(id);
  assert.deepEqual([transfer.state, transfer.errors], ['COMPLETED', []], context);
  const callbacks = connector.exchanges({ kind: 'callback', transferProcessId: id });
  const most = mostAttempts(lifetimeOf(transfer), backoff);
  for (const [notice, times] of Object.entries(taken)) {
    const sent = callbacks.filter(({ target }) => target.endsWith(`/${notice}`));
    assert.equal(sent.filter(({ status }) => status === 200).length, times, `${notice}, ${context}`);
    assert.ok(sent.length <= most, `${sent.length} times ${notice}, not ${most}, ${context}`);
  }
  const known = Object.keys(taken).map((notice) => `/${notice}`);
  const others = callbacks.filter(({ target }) => !known.some((notice) => target.endsWith(notice)));
  assert.deepEqual(others, [], context);
}

function lifetimeOf({ history }: SignalingTransfer): number {
  return (history.at(-1)?.at ?? 0) - (history[0]?.at ?? 0);
}

/** The results of one attempt lie in the bucket until their retention is over: a file and the manifest. */
export async function assertKept(
  { world }: SignalingStage,
  { flow, context }: { flow: string; context: string },
): Promise<void> {
  const keys = await world.bucket.files(flow);
  assert.equal(keys.length, 2, `${keys.join(', ')}, ${context}`);
}
