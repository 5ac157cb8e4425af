import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { startApiServer } from './api/server.ts';
import type { ApiServer } from './api/server.ts';
import { startJobController } from './job-controller/job-controller.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { createNodePower } from './node-lifecycle.ts';
import type { NodePower } from './node-lifecycle.ts';
import { createRegistry } from './registry/registry.ts';
import type { ClusterRegistry } from './registry/registry.ts';
import { loadImages } from './runner/images.ts';
import { startRunner } from './runner/runner.ts';
import type { RunnerOptions } from './runner/runner.ts';

export interface ClusterOptions {
  /** Everything the cluster writes is below it; made if it is not there. */
  directory: string;
  /** Path of the kubeconfig to write; `kubeconfig` in the directory unless named. */
  kubeconfig?: string;
  /** What runs in place of images: the path of the file that says so, and the folder that `${project}` stands for in it. */
  images: { file: string; project: string };
  /** Shorter pauses of the node, for tests. */
  timing?: RunnerOptions['timing'];
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
  node: Pick<NodePower, 'name' | 'cut' | 'restore'>;
  /** Ends every container and closes every connection. */
  stop(): Promise<void>;
}

/** Starts a Kubernetes API with its Job controller and one node that runs containers as processes. Nothing outlives `stop`. */
export async function startCluster(options: ClusterOptions): Promise<EmbeddedCluster> {
  const { directory, timing = {}, capacity = {}, now = () => new Date(), nodeGraceMillis = 50_000 } = options;
  const images = loadImages(options.images);
  const nodeDirectory = join(directory, 'node');
  await mkdir(nodeDirectory, { recursive: true });
  const registry = createRegistry({ now });
  for (const name of ['default', 'kube-system']) registry.create('namespaces', { metadata: { name } });

  await using stack = new AsyncDisposableStack();
  const runner = stack.adopt(
    startRunner({ registry, images, directory: nodeDirectory, now, timing, capacity }),
    (each) => each.stop(),
  );
  const node = stack.adopt(
    createNodePower({ registry, runner, now, graceMillis: nodeGraceMillis }),
    (each) => {
      each.stop();
    },
  );
  stack.adopt(startJobController({ registry, now }), (each) => {
    each.stop();
  });
  const api = stack.adopt(await startApiServer({ ...options, registry, podLogs: runner.logs }), (each) =>
    each.stop(),
  );
  const kubeconfig = options.kubeconfig ?? join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, api);

  const running = stack.move();
  return { kubeconfig, ...accessOf(api), api, registry, node, stop: () => running.disposeAsync() };
}

function accessOf({ url, token, certificateAuthority }: ApiServer) {
  return { url, token, certificateAuthority };
}
