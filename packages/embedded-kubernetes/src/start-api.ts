import { Readable } from 'node:stream';

import { type ApiServer, type ApiServerOptions, startApiServer } from './api/server.ts';
import { createClusterRegistry } from './controllers/cluster-registry.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { PodLogs } from './objects/pod-logs.ts';
import type { ClusterRegistry } from './registry/types.ts';

export type { ApiServer, ClusterRegistry, PodLogs };

export interface ApiOptions extends Omit<ApiServerOptions, 'registry' | 'podLogs'> {
  /** Path of the kubeconfig to write. */
  kubeconfig: string;
  /** No container has written anything unless this says otherwise. */
  podLogs?: PodLogs;
}

export interface Api extends ApiServer {
  registry: ClusterRegistry;
}

const silent: PodLogs = { read: () => Promise.resolve(Readable.from([])) };

/** The API server over an empty cluster with the namespace `default`; nothing happens to what is put into it. */
export async function startApi({ kubeconfig, podLogs = silent, ...options }: ApiOptions): Promise<Api> {
  const registry = createClusterRegistry(options);
  registry.create('namespaces', { metadata: { name: 'default' } });
  const server = await startApiServer({ ...options, registry, podLogs });
  await writeKubeconfig(kubeconfig, server);
  return { ...server, registry };
}
