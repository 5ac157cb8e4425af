import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type ApiServer, startApiServer } from './api/server.ts';
import { createClusterRegistry } from './controllers/cluster-registry.ts';
import { startJobController } from './controllers/job/job-controller.ts';
import { createNodePower, type NodePower } from './controllers/node-lifecycle.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { loadImages } from './node/images.ts';
import { type KubeletOptions, startKubelet } from './node/kubelet.ts';
import type { ClusterRegistry } from './registry/types.ts';
import { startScheduler } from './scheduler/scheduler.ts';

export interface ClusterOptions {
  /** Everything the cluster writes is below it; made if it is not there. */
  directory: string;
  /** Path of the kubeconfig to write; `kubeconfig` in the directory unless named. */
  kubeconfig?: string;
  /** What runs in place of images: the path of the file that says so, and the folder that `${project}` stands for in it. */
  images: { file: string; project: string };
  /** Shorter pauses of the node, for tests. */
  timing?: KubeletOptions['timing'];
  /** What the node claims to have, beside and instead of the usual: the scheduler counts requests against it. */
  capacity?: Record<string, string>;
  /** How long the node may be silent before it is NotReady; 50 s unless named. */
  nodeGraceMillis?: number;
  now?: () => Date;
  /** A free port unless named. */
  port?: number;
  /** How many changes a watch may be behind before it gets 410. */
  historyLength?: number;
  bookmarkIntervalMs?: number;
}

export interface EmbeddedCluster {
  /** Path of a kubeconfig that only its owner can read. */
  kubeconfig: string;
  url: string;
  token: string;
  /** PEM of the API server's certificate. */
  certificateAuthority: string;
  /** The API server alone; pods run on without it. */
  api: Pick<ApiServer, 'stop' | 'start'>;
  /** The objects themselves, for tests that look at the world from inside. */
  registry: ClusterRegistry;
  /** The plug of the node. */
  node: NodePower;
  /** Ends every container and closes every connection. */
  stop(): Promise<void>;
}

/** Starts a Kubernetes API with its Job controller and one node that runs containers as processes. Nothing outlives `stop`. */
export async function startCluster(options: ClusterOptions): Promise<EmbeddedCluster> {
  const { directory, timing = {}, capacity = {}, now = () => new Date(), nodeGraceMillis = 50_000 } = options;
  const images = loadImages(options.images);
  const nodeDirectory = join(directory, 'node');
  await mkdir(nodeDirectory, { recursive: true });
  const registry = createClusterRegistry({ now });
  for (const name of ['default', 'kube-system']) registry.create('namespaces', { metadata: { name } });

  await using stack = new AsyncDisposableStack();
  const kubelet = stack.adopt(
    startKubelet({ registry, images, directory: nodeDirectory, now, timing, capacity }),
    (each) => each.stop(),
  );
  stack.adopt(startScheduler({ registry, nodeName: kubelet.name, now }), (each) => {
    each.stop();
  });
  const node = stack.adopt(
    createNodePower({ registry, kubelet, now, graceMillis: nodeGraceMillis }),
    (each) => {
      each.stop();
    },
  );
  stack.adopt(startJobController({ registry, now }), (each) => {
    each.stop();
  });
  const api = stack.adopt(await startApiServer({ ...options, registry, podLogs: kubelet.logs }), (each) =>
    each.stop(),
  );
  const kubeconfig = options.kubeconfig ?? join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, api);

  const running = stack.move();
  const { url, token, certificateAuthority } = api;
  const access = { kubeconfig, url, token, certificateAuthority };
  return { ...access, api, registry, node, stop: () => running.disposeAsync() };
}
