import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startCluster } from '../devcluster/cluster.ts';
import { startStore } from '../devcluster/store/store.ts';

export interface EmbeddedServers {
  /** Path of a file that only its owner can read. */
  kubeconfig: string;
  /** The API server's address. */
  cluster: string;
  s3: { endpoint: string; region: string; accessKeyId: string; secretAccessKey: string };
  /** How the embedded runner calls our own image. */
  sidecarImage: string;
  stop(): Promise<void>;
}

/** An empty cluster and an empty store on the loopback, with keys of this run alone; all they keep is below `folder`. */
export async function startEmbeddedServers({ folder }: { folder: string }): Promise<EmbeddedServers> {
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
      cluster: cluster.url,
      s3: { ...s3, endpoint: store.url },
      sidecarImage: 'edc-job-provisioner:dev',
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
