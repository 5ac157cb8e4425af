import type { Agent } from 'undici';
import type { Config, Secrets } from './config/config.ts';
import { connectCluster, type Cluster } from './kubernetes/cluster.ts';
import type { Metrics } from './metrics.ts';
import { measureSender, measureStore } from './storage/measured-store.ts';
import { createObjectStore } from './storage/minio-store.ts';
import type { ObjectStore } from './storage/object-store.ts';
import { createReadAccess, type ReadAccess } from './storage/read-access.ts';
import type { StoreAccess } from './storage/upload/ask-store.ts';
import { createSender } from './storage/upload/send-request.ts';
import { createAgent } from './http-agent.ts';

/** Every connection of the service to others. */
export interface Clients {
  cluster: Cluster;
  store: ObjectStore;
  /** The same store for result bodies, with connections of its own: slow readers must not keep a request from being accepted. */
  downloads: ObjectStore;
  readAccess: ReadAccess;
  /** For data that the service receives. */
  uploads: StoreAccess;
  /** For calls to connectors. */
  dispatcher: Agent;
  close(): Promise<void>;
}

/** Beside one for each download, which its reader may hold: for small files read ahead and for manifests, which hold none for long. */
const sharedDownloadConnections = 64;

export async function createClients(config: Config, secrets: Secrets, metrics: Metrics): Promise<Clients> {
  const cluster = await connectCluster(config.cluster);
  const storage = createObjectStore(config.store, secrets.store);
  const downloads = createObjectStore(config.store, secrets.store, {
    connections: config.results.maxDownloads + sharedDownloadConnections,
  });
  const { endpoint, region, bucket, requestTimeoutMillis: timeoutMillis } = config.store;
  // One for each fetch and each upload.
  const connections = config.transfers.concurrency + config.transfers.maxUploads + config.uploads.concurrency;
  const sender = createSender({ endpoint, timeoutMillis, connections, idleMillis: 5000 });
  const credentials = { read: () => secrets.store, forget: () => undefined };
  const dispatcher = createAgent({ connect: { timeout: config.reconciler.deliveryTimeoutMillis } });
  return {
    cluster,
    store: measureStore(storage.store, metrics),
    downloads: measureStore(downloads.store, metrics),
    readAccess: createReadAccess(config.store, secrets.store),
    uploads: {
      sender: measureSender(sender, metrics),
      credentials,
      region,
      bucket,
      retry: { firstMillis: 100, maxMillis: 5000 },
    },
    dispatcher,
    async close() {
      storage.destroy();
      downloads.destroy();
      sender.close();
      await Promise.all([cluster.close(), dispatcher.destroy()]);
    },
  };
}
