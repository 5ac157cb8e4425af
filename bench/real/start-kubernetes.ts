import { join } from 'node:path';
import { install, startServer } from './server-script.ts';

/** A control plane as processes of their own, on the loopback and without a node; answers the kubeconfig's path. */
export async function startKubernetes(folder: string, stack: AsyncDisposableStack): Promise<string> {
  const directory = join(folder, 'kubernetes');
  await install('etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl');
  // Upstream's defaults keep thousands of Jobs waiting for the Job controller, which is not what is measured.
  const env = { K8S_CONTROLLER_QPS: '1000', K8S_CONTROLLER_ARGS: '--concurrent-job-syncs=20' };
  await startServer({ script: 'control-plane', directory, env }, stack);
  return join(directory, 'kubeconfig');
}

/** Nodes on which pods run without containers, beside the control plane that `startKubernetes` started in the same folder. */
export async function startFakeNodes(folder: string, stack: AsyncDisposableStack): Promise<void> {
  await install('kwok');
  await startServer({ script: 'kwok', directory: join(folder, 'kubernetes'), args: ['10'] }, stack);
}
