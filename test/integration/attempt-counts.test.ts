import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Fault } from 'connector-simulator';
import { mostAttempts } from '../support/attempt-bound.ts';
import type { ProxyHooks, SeenRequest, Verdict } from '../support/counting-proxy.ts';
import { createEndedFlow } from '../support/ended-flows.ts';
import { readKubeconfig, writeProxiedKubeconfig } from '../support/kubeconfig.ts';
import { openProxies } from '../support/open-proxies.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

/** So long that few attempts are allowed while a service that does not pause makes many, however busy the machine is. */
const backoff = { firstMillis: 4000, maxMillis: 60_000 };

/** Times that somebody else writes on each Job while attempts are counted, half a second after one another. */
const rounds = 8;

/** How a connector fails, at its callback and at its management API alike. */
const faults: Record<string, Fault | 'down'> = {
  refuses: 'down',
  closes: { kind: 'close' },
  hangs: { kind: 'hang' },
  unauthorized: { kind: 'status', status: 401 },
  'proxied-404': { kind: 'status', status: 404, page: true },
  'starting-405': { kind: 'status', status: 405 },
  'overloaded-503': { kind: 'status', status: 503 },
};

interface FailingFlow {
  name: string;
  connector: string;
  worker: 'succeeded' | 'failed';
}

const connectorFlows = Object.keys(faults).flatMap((connector): FailingFlow[] => [
  { name: `flow-callback-${connector}`, connector, worker: 'succeeded' },
  { name: `flow-terminate-${connector}`, connector, worker: 'failed' },
]);

const anyConnector = 'overloaded-503';

/** What the API server says to every write on the flow's Job; the last one is done all the same. */
const patchFaults: Record<string, { status: number; when: 'before' | 'after' }> = {
  'flow-patch-409': { status: 409, when: 'before' },
  'flow-patch-429': { status: 429, when: 'before' },
  'flow-patch-500': { status: 500, when: 'before' },
  'flow-patch-done-and-500': { status: 500, when: 'after' },
};

const patchFlows = Object.keys(patchFaults).map((name): FailingFlow => ({
  name,
  connector: anyConnector,
  worker: 'failed',
}));

const storeFlow: FailingFlow = { name: 'flow-store-503', connector: anyConnector, worker: 'succeeded' };

/** The attempt before it is made, and its result. */
const writesEach = 2;

/** Writes that the service needs for a flow beside those for attempts: the outcome. */
const otherWrites = 1;

/** A verification asks for manifest and listing at once, and the store's client may repeat each once. */
const storeRequestsEach = 4;

class Traffic implements ProxyHooks {
  readonly #seen = new Map<string, number>();

  before({ proxy, method, path }: SeenRequest): Verdict {
    if (proxy === 'store' && path.includes(storeFlow.name)) {
      this.#count(`store ${storeFlow.name}`);
      return 503;
    }
    if (proxy !== 'cluster' || method !== 'PATCH') return true;
    const flow = path.split('/').at(-1) ?? '';
    this.#count(`patch ${flow}`);
    const fault = patchFaults[flow];
    return fault?.when === 'before' ? fault.status : true;
  }

  after({ proxy, method, path }: SeenRequest): Verdict {
    const fault = patchFaults[path.split('/').at(-1) ?? ''];
    return proxy === 'cluster' && method === 'PATCH' && fault?.when === 'after' ? fault.status : true;
  }

  patches(flow: string): number {
    return this.#seen.get(`patch ${flow}`) ?? 0;
  }

  storeRequests(): number {
    return this.#seen.get(`store ${storeFlow.name}`) ?? 0;
  }

  #count(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }
}

/** Attempts at the connector: what it has seen, or what the service says of one that listens no more. */
function countCalls(world: World, { name, connector }: FailingFlow): number {
  if (faults[connector] === 'down') {
    return world.service.entries.filter(({ flowId, delivery }) => flowId === name && delivery !== undefined)
      .length;
  }
  return world
    .connector(connector)
    .exchanges({ transferProcessId: name })
    .filter(({ kind, method }) => kind !== 'provision' && method === 'POST').length;
}

test('whatever fails for good is tried as often as the back-off says, and no more', async (t) => {
  const traffic = new Traffic();
  const proxies = await openProxies(traffic);
  t.after(() => proxies.stack.disposeAsync());
  const world = await startWorld(t, {
    replicas: 0,
    connectors: Object.keys(faults).map((name) => ({ name, version: '0.15.1' })),
    settings: {
      http: { answerDeadlineMillis: 500, busyHoldMillis: 100 },
      reconciler: { backoff, callbackHoldMillis: 0, deliveryTimeoutMillis: 300, transferPollSeconds: 0 },
    },
  });
  const api = await readKubeconfig(world.access.kubeconfig);
  const proxied = { access: api, proxy: proxies.at.cluster };
  const kubeconfig = await writeProxiedKubeconfig(join(world.folder, 'proxied'), proxied);
  const service = await world.addService({ cluster: { kubeconfig }, store: { endpoint: proxies.at.store } });
  proxies.aim({
    cluster: api.server,
    ca: api.ca ?? '',
    store: world.servers.s3.endpoint,
    callback: '',
    provision: service.url,
  });
  for (const [name, fault] of Object.entries(faults)) await breakConnector(world, name, fault);
  const flows = [...connectorFlows, ...patchFlows, storeFlow];
  const { namespace, bucket, servers } = world;
  for (const flow of flows) {
    const { callbackAddress } = world.connector(flow.connector);
    await createEndedFlow({ namespace, bucket, s3: servers.s3 }, { ...flow, callbackAddress });
  }

  const beganAt = performance.now();
  await service.start();
  await waitUntil('an attempt at everything', () => {
    const called = connectorFlows.every((flow) => countCalls(world, flow) > 0);
    const written = patchFlows.every(({ name }) => traffic.patches(name) > 0);
    return called && written && traffic.storeRequests() > 0;
  });
  const others = new OtherWriter(world, [...connectorFlows, storeFlow]);
  await waitUntil('others to have written', async () => {
    await others.write();
    return others.rounds === rounds;
  });
  const counts = {
    calls: new Map(connectorFlows.map((flow) => [flow.name, countCalls(world, flow)])),
    patches: new Map(flows.map(({ name }) => [name, traffic.patches(name)])),
    store: traffic.storeRequests(),
  };
  const most = mostAttempts(performance.now() - beganAt, backoff);
  t.diagnostic(`${most} attempts were allowed; ${JSON.stringify([...counts.calls, ...counts.patches])}`);
  for (const [flow, count] of counts.calls)
    assert.ok(count <= most, `${count} calls for ${flow}, not ${most}`);
  for (const [flow, count] of counts.patches) {
    // A write of the service that meets another's is made again.
    const allowed = flow in patchFaults ? most + otherWrites : most * writesEach + otherWrites + rounds;
    assert.ok(count <= allowed, `${count} writes on ${flow}, not ${allowed}`);
  }
  assert.ok(counts.store <= most * storeRequestsEach, `${counts.store} requests to the store, not ${most}`);
});

async function breakConnector(world: World, name: string, fault: Fault | 'down'): Promise<void> {
  const simulator = world.connector(name);
  if (fault === 'down') {
    await simulator.goDown();
    return;
  }
  simulator.misbehave('callback', fault);
  simulator.misbehave('management', fault);
}

/** As controllers and other replicas do: writes that do not matter to a flow, each a change of its Job for who watches it. */
class OtherWriter {
  rounds = 0;
  readonly #world: World;
  readonly #flows: readonly FailingFlow[];
  #wroteAt = 0;

  constructor(world: World, flows: readonly FailingFlow[]) {
    this.#world = world;
    this.#flows = flows;
  }

  async write(): Promise<void> {
    if (performance.now() - this.#wroteAt < 500) return;
    this.rounds += 1;
    const metadata = { annotations: { 'example.org/heartbeat': String(this.rounds) } };
    const { jobs } = this.#world.namespace.cluster;
    for (const { name } of this.#flows) await jobs.patch(name, { metadata }, AbortSignal.timeout(30_000));
    this.#wroteAt = performance.now();
  }
}
