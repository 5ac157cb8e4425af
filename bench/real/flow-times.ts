import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { flowLabel, stateLabel } from '../../src/flow/labels.ts';
import { connectCluster, type Cluster } from '../../src/kubernetes/cluster.ts';
import type { ResourceClient } from '../../src/kubernetes/resource-client.ts';
import type { Job, KubernetesObject, Pod } from '../../src/kubernetes/types.ts';

/** When each event of a flow was first observed from outside, by `performance.now()` of this process. */
export interface FlowTimes {
  /** By flow: the Job controller has written into its status. */
  seen: Map<string, number>;
  /** By flow: its Job is resumed. */
  started: Map<string, number>;
  /** By flow: its pod's end in the bench's own watch. */
  podEnd: Map<string, number>;
  /** By flow: its Job's end in the bench's own watch. */
  jobEnd: Map<string, number>;
  /** By flow: its Job is labelled as closed. */
  closed: Map<string, number>;
  /** By transfer process: its callback's head has arrived. */
  callback: Map<string, number>;
}

export interface Connector extends AsyncDisposable {
  callbackAddress: string;
  callbacks: Map<string, number>;
}

/** Answers callbacks at once and records when each one first arrived. */
export async function startConnector(): Promise<Connector> {
  const callbacks = new Map<string, number>();
  const server = createServer((request, response) => {
    const id = /\/callback\/([^/]+)\/provision$/.exec(request.url ?? '')?.[1] ?? '';
    if (!callbacks.has(id)) callbacks.set(id, performance.now());
    request.resume();
    response.writeHead(204).end();
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    callbackAddress: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    callbacks,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Watches a namespace with a client of its own; `done` ends it. */
export async function watchFlows(
  { kubeconfig, namespace }: { kubeconfig: string; namespace: string },
  { callbacks }: Pick<Connector, 'callbacks'>,
): Promise<{ times: FlowTimes; done: () => Promise<void> }> {
  const cluster: Cluster = await connectCluster({ kubeconfig, namespace, requestTimeoutMillis: 60_000 });
  const stopping = new AbortController();
  const times: FlowTimes = {
    seen: new Map(),
    started: new Map(),
    podEnd: new Map(),
    jobEnd: new Map(),
    closed: new Map(),
    callback: callbacks,
  };
  const watches = [
    watchAll<Pod>(cluster.pods, stopping.signal, ({ metadata, status }) => {
      if (status?.phase === 'Succeeded') recordFirst(times.podEnd, metadata?.labels?.[flowLabel]);
    }),
    watchAll<Job>(cluster.jobs, stopping.signal, (job) => {
      recordJob(times, job);
    }),
  ];
  return {
    times,
    async done() {
      stopping.abort();
      await Promise.all(watches);
      await cluster.close();
    },
  };
}

function recordJob(times: FlowTimes, { metadata = {}, spec, status = {} }: Job): void {
  const { conditions = [], startTime } = status;
  const { name, labels = {} } = metadata;
  const ended = conditions.some((one) => one.type === 'Complete' && one.status === 'True');
  const facts: [Map<string, number>, boolean][] = [
    [times.seen, conditions.length > 0 || startTime !== undefined],
    [times.started, spec?.suspend === false],
    [times.jobEnd, ended],
    [times.closed, labels[stateLabel] === 'closed'],
  ];
  for (const [map, is] of facts) if (is) recordFirst(map, name);
}

function recordFirst(map: Map<string, number>, key: string | undefined): void {
  if (key !== undefined && !map.has(key)) map.set(key, performance.now());
}

async function watchAll<T extends KubernetesObject>(
  client: ResourceClient<T>,
  signal: AbortSignal,
  onObject: (object: T) => void,
): Promise<void> {
  let { resourceVersion } = await client.list({ labelSelector: flowLabel, limit: 1 }, signal);
  function isStopping(): boolean {
    return signal.aborted;
  }
  while (!isStopping()) {
    try {
      for await (const event of client.watch({ labelSelector: flowLabel, resourceVersion }, signal)) {
        if (event.type === 'BOOKMARK') {
          resourceVersion = event.resourceVersion;
          continue;
        }
        resourceVersion = event.object.metadata?.resourceVersion ?? resourceVersion;
        onObject(event.object);
      }
    } catch (error) {
      if (!isStopping()) throw error;
    }
  }
}
