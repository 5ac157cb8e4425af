import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { DemoServers } from './demo-servers.ts';
import { loadEmbeddedKubernetes, loadEmbeddedS3 } from './load-packages.ts';

const project = resolve(import.meta.dirname, '../..');

/** Starts an empty cluster and an empty store on the loopback, with keys of this run. All their data is below `folder`. */
export async function startEmbeddedServers(folder: string): Promise<DemoServers> {
  const [{ startCluster }, { startStore }] = await Promise.all([loadEmbeddedKubernetes(), loadEmbeddedS3()]);
  const s3 = {
    region: 'us-east-1',
    accessKeyId: `dev-${randomBytes(8).toString('hex')}`,
    secretAccessKey: randomBytes(32).toString('base64url'),
  };
  const store = await startStore({ ...s3, directory: join(folder, 'store') });
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    const images = { file: join(project, 'config', 'dev.yaml'), project };
    const cluster = await startCluster({ directory: join(folder, 'cluster'), images, kubeconfig });
    return {
      kubeconfig,
      name: 'edc-jobs',
      s3: { ...s3, endpoint: store.url, credentials: 'sts' },
      sidecarImage: 'edc-job-provisioner:dev',
      descriptions: {
        cluster: `an embedded Kubernetes API listens on ${cluster.url}`,
        store: `an embedded S3 store listens on ${store.url}`,
      },
      async stop() {
        await cluster.stop();
        await store.stop();
      },
    };
  } catch (error) {
    await store.stop();
    throw error;
  }
}
