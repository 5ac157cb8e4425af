import { connect } from '../kubernetes/connection.ts';
import { createBucket } from './create-bucket.ts';

/** A cluster and a store for a service that is tried out. */
export interface DemoServers {
  /** Path. */
  kubeconfig: string;
  /** Names the namespace and the bucket, which are made for this run. */
  place: string;
  s3: {
    endpoint: string;
    /** As pods reach it, if that is elsewhere. */
    podEndpoint?: string;
    region: string;
    accessKeyId: string;
    secretAccessKey: string;
    credentials: 'sts' | 'static';
  };
  /** How the cluster calls our own image. */
  sidecarImage: string;
  /** For people. */
  told: { cluster: string; store: string };
  /** With all that a run has left in them. */
  stop(): Promise<void>;
}

const timeoutMillis = 10_000;

/** Creates the namespace and the bucket, as an operator does before the service starts for the first time. */
export async function prepareServers(servers: DemoServers): Promise<void> {
  await createNamespace(servers);
  await createBucket(servers.s3, servers.place, AbortSignal.timeout(timeoutMillis));
}

async function createNamespace({ kubeconfig, place: namespace }: DemoServers): Promise<void> {
  const connection = await connect({ kubeconfig, namespace, requestTimeoutMillis: timeoutMillis });
  try {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    const request = { method: 'POST', path: '/api/v1/namespaces', body } as const;
    await connection.json(request, AbortSignal.timeout(timeoutMillis));
  } finally {
    await connection.close();
  }
}
