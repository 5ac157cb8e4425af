import { join } from 'node:path';
import { runServerScript } from './server-script.ts';

const servers = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'];

/** A control plane as processes of their own, on the loopback and without a node; answers the kubeconfig's path. */
export async function startKubernetes(folder: string, stack: AsyncDisposableStack): Promise<string> {
  const directory = join(folder, 'kubernetes');
  await runServerScript('install', servers);
  stack.defer(async () => {
    await runServerScript('control-plane', ['stop', directory]);
  });
  // Upstream's defaults keep thousands of Jobs waiting for the Job controller, which is not what is measured.
  await runServerScript('control-plane', ['start', directory], {
    K8S_CONTROLLER_QPS: '1000',
    K8S_CONTROLLER_ARGS: '--concurrent-job-syncs=20',
  });
  return join(directory, 'kubeconfig');
}
