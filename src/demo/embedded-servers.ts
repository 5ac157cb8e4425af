import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startCluster } from '../devcluster/cluster.ts';
import type { DemoServers } from './demo-servers.ts';
import { loadEmbeddedS3 } from './load-packages.ts';

/** An empty cluster and an empty store on the loopback, with keys of this run alone; all they keep is below `folder`. */
export async function startEmbeddedServers({ folder }: { folder: string }): Promise<DemoServers> {
  const { startStore } = await loadEmbeddedS3();
  const s3 = {
    region: 'us-east-1',
    accessKeyId: `dev-${randomBytes(8).toString('hex')}`,
    secretAccessKey: randomBytes(32).toString('base64url'),
  };
  const store = await startStore({ ...s3, directory: join(folder, 'store') });
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    const cluster = await startCluster({ directory: join(folder, 'cluster'), kubeconfig });
    return {
      kubeconfig,
      place: 'edc-jobs',
      s3: { ...s3, endpoint: store.url, credentials: 'sts' },
      sidecarImage: 'edc-job-provisioner:dev',
      told: {
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
