import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApi, type ApiServer, type ClusterRegistry, type PodLogs } from 'embedded-kubernetes/api';
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
  const directory = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  const kubeconfig = join(directory, 'kubeconfig');
  const api = await startApi({ kubeconfig, ...options });
  const { registry } = api;
  registry.create('namespaces', { metadata: { name: jobsNamespace } });
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
