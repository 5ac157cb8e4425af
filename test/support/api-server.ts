import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { startApiServer, type ApiServer } from '../../src/devcluster/api/server.ts';
import type { PodLogs } from '../../src/devcluster/pod-logs.ts';
import { writeKubeconfig } from '../../src/devcluster/kubeconfig.ts';
import { createRegistry, type ClusterRegistry } from '../../src/devcluster/registry/registry.ts';
import { connectCluster, type Cluster } from '../../src/kubernetes/cluster.ts';

export interface TestApi extends AsyncDisposable {
  cluster: Cluster;
  registry: ClusterRegistry;
  /** To stop and start. */
  server: ApiServer;
  /** Its path, for a command that is a process of its own. */
  kubeconfig: string;
}

const jobsNamespace = 'jobs';

/** The embedded API server alone, without controllers, and the service's own client connected to it. */
export async function startTestApi(
  options: { historyLength?: number; bookmarkIntervalMs?: number; podLogs?: PodLogs } = {},
): Promise<TestApi> {
  const registry = createRegistry();
  for (const name of ['default', jobsNamespace]) {
    if (registry.get({ resource: 'namespaces', name }) === undefined) {
      registry.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
  }
  const api = await startApiServer({
    registry,
    podLogs: { read: () => Promise.resolve(Readable.from([])) },
    ...options,
  });
  const directory = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  const kubeconfig = join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, api);
  const cluster = await connectCluster({
    kubeconfig,
    namespace: jobsNamespace,
    requestTimeoutMillis: 10_000,
  });
  return {
    cluster,
    registry,
    server: api,
    kubeconfig,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await api.stop();
      await rm(directory, { recursive: true });
    },
  };
}
