import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { mostAttempts } from '../test/support/attempt-bound.ts';
import { createEndedFlow } from '../test/support/ended-flows.ts';
import { startServers } from '../test/support/servers.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { connectorName, openServiceWorld } from './real/service-world.ts';
import type { Measurement } from './report.ts';

/** The service's default. */
const backoff = { firstMillis: 500, maxMillis: 60_000 };

/** How a connector fails, by the path of its callbacks. */
const failures: Record<string, (response: ServerResponse) => void> = {
  closes: (response) => response.destroy(),
  'answers-503': (response) => response.writeHead(503).end(),
  'answers-401': (response) => response.writeHead(401).end(),
};

/** Counts how often the service, with its default back-off, calls a connector that always fails: one flow for each kind of failure. */
export async function benchAttempts(options: { folder: string; seconds: number }): Promise<Measurement[]> {
  const { folder, seconds } = options;
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(folder, stack);
  const connector = await startFailingConnector(stack);
  const world = stack.use(
    await openServiceWorld(
      { folder, kubeconfig: servers.kubeconfig, store: servers.s3 },
      // No replica led before, so there is nothing to hold deliveries back for.
      { callbackPrefix: connector.url, settings: { reconciler: { takeoverHoldMillis: 0 } } },
    ),
  );
  for (const name of Object.keys(failures)) {
    await createEndedFlow(
      { ...world, s3: servers.s3 },
      {
        name: `flow-${name}`,
        connector: connectorName,
        callbackAddress: `${connector.url}${name}`,
        worker: 'succeeded',
      },
    );
  }
  await world.service.start();
  await waitUntil('a call of each', () => connector.calls.size === Object.keys(failures).length);
  process.stderr.write(`calls to connectors that fail, for ${seconds} s\n`);
  await delay(seconds * 1000);
  const most = mostAttempts(seconds * 1000, backoff);
  return [...connector.calls].map(([name, calls]) => ({
    name: `calls to a connector that ${name.replace('-', ' ')}`,
    kind: 'calls',
    calls,
    seconds,
    most,
  }));
}

async function startFailingConnector(
  stack: AsyncDisposableStack,
): Promise<{ url: string; calls: Map<string, number> }> {
  const calls = new Map<string, number>();
  const server = createServer((request, response) => {
    const [, name = ''] = (request.url ?? '').split('/');
    calls.set(name, (calls.get(name) ?? 0) + 1);
    request.resume();
    failures[name]?.(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, calls };
}
