import { randomBytes } from 'node:crypto';
import type { Environment } from '../config/config.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { connectCluster } from '../kubernetes/cluster.ts';
import { connect } from '../kubernetes/connection.ts';
import { releaseFinalizers } from '../cluster-objects/release-finalizers.ts';
import { openBucket, sendBucketRequest, type DemoServers } from './demo-servers.ts';

const requestTimeoutMillis = 30_000;
const tidyMillis = 60_000;

type RunServers = Omit<DemoServers, 'descriptions' | 'stop'>;

/**
 * Uses the cluster and the store that the service's own variables name, with a namespace and a bucket of this run, which are deleted at
 * its end. Throws `invalid-config` for a missing variable.
 */
export async function openExternalServers(env: Environment): Promise<DemoServers> {
  const kubeconfig = required(env, 'EDC_JP_CLUSTER_KUBECONFIG');
  const endpoint = required(env, 'EDC_JP_STORE_ENDPOINT');
  const podEndpoint = env['EDC_JP_STORE_POD_ENDPOINT'];
  const servers: RunServers = {
    kubeconfig,
    name: `edc-jobs-demo-${randomBytes(4).toString('hex')}`,
    s3: {
      endpoint,
      ...(podEndpoint === undefined ? {} : { podEndpoint }),
      region: env['EDC_JP_STORE_REGION'] ?? 'us-east-1',
      accessKeyId: required(env, 'STORE_ACCESS_KEY_ID'),
      secretAccessKey: required(env, 'STORE_SECRET_ACCESS_KEY'),
      credentials: env['EDC_JP_STORE_CREDENTIALS'] === 'static' ? 'static' : 'sts',
    },
    sidecarImage: required(env, 'EDC_JP_IMAGES_SIDECAR'),
  };
  const version = await versionOf(servers);
  return {
    ...servers,
    descriptions: { cluster: `Kubernetes ${version} (${kubeconfig})`, store: `the S3 store at ${endpoint}` },
    async stop() {
      await deleteNamespace(servers);
      await deleteBucket(servers);
    },
  };
}

function required(env: Environment, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new ServiceError('invalid-config', `${name}: expected a value, which --external needs`);
}

async function versionOf({ kubeconfig, name }: RunServers): Promise<string> {
  const cluster = await connectCluster({ kubeconfig, namespace: name, requestTimeoutMillis });
  try {
    return await cluster.checkVersion(AbortSignal.timeout(requestTimeoutMillis));
  } finally {
    await cluster.close();
  }
}

/** Removes finalizers first, since no service runs that would remove them. */
async function deleteNamespace({ kubeconfig, name }: RunServers): Promise<void> {
  const signal = AbortSignal.timeout(tidyMillis);
  const settings = { kubeconfig, namespace: name, requestTimeoutMillis };
  const cluster = await connectCluster(settings);
  const connection = await connect(settings);
  try {
    await releaseFinalizers({ cluster, dryRun: false, onReleased: () => undefined }, signal);
    await connection.json({ method: 'DELETE', path: `/api/v1/namespaces/${name}` }, signal);
  } catch (error) {
    if (!isServiceError(error, 'cluster-not-found')) throw error;
  } finally {
    await Promise.all([cluster.close(), connection.close()]);
  }
}

async function deleteBucket(servers: RunServers): Promise<void> {
  const { s3, name: bucket } = servers;
  const signal = AbortSignal.timeout(tidyMillis);
  const storage = openBucket(servers);
  const { store } = storage;
  try {
    await store.abortUploads('', signal);
    const keys: string[] = [];
    for await (const { key } of store.list('', signal)) keys.push(key);
    await store.remove(keys, signal);
    await sendBucketRequest(s3, { method: 'DELETE', bucket }, signal);
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
  } finally {
    storage.destroy();
  }
}
