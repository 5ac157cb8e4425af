import { connect } from '../kubernetes/connection.ts';
import { createSender } from '../storage/upload/send-request.ts';
import { signRequest } from '../storage/upload/sign-request.ts';
import { createObjectStore, type OpenedStore } from '../storage/minio-store.ts';

/** A cluster and a store on which a service is tried out. */
export interface DemoServers {
  /** Path. */
  kubeconfig: string;
  /** Name of the namespace and of the bucket; both are created for this run. */
  name: string;
  s3: {
    endpoint: string;
    /** For pods, if they reach the store by another address. */
    podEndpoint?: string;
    region: string;
    accessKeyId: string;
    secretAccessKey: string;
    credentials: 'sts' | 'static';
  };
  /** Name of our own image in the cluster. */
  sidecarImage: string;
  /** Sentences about both, for the output of `demo`. */
  descriptions: { cluster: string; store: string };
  /** Also deletes everything that the run has created in them. */
  stop(): Promise<void>;
}

const timeoutMillis = 30_000;

/** Creates the namespace and the bucket, as an operator does before the service starts for the first time. */
export async function prepareServers({ kubeconfig, name, s3 }: DemoServers): Promise<void> {
  const connection = await connect({ kubeconfig, namespace: name, requestTimeoutMillis: timeoutMillis });
  try {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    const request = { method: 'POST', path: '/api/v1/namespaces', body } as const;
    await connection.json(request, AbortSignal.timeout(timeoutMillis));
  } finally {
    await connection.close();
  }
  await sendBucketRequest(s3, { method: 'PUT', bucket: name }, AbortSignal.timeout(timeoutMillis));
}

/** The bucket of this run; the caller must `destroy` the client. */
export function openBucket({ s3, name: bucket }: Pick<DemoServers, 's3' | 'name'>): OpenedStore {
  const settings = { ...s3, bucket, publicEndpoint: s3.endpoint, requestTimeoutMillis: timeoutMillis };
  return createObjectStore(settings, s3);
}

/** PUT creates the bucket; DELETE deletes it if it is empty. */
export async function sendBucketRequest(
  { endpoint, region, accessKeyId, secretAccessKey }: DemoServers['s3'],
  { method, bucket }: { method: 'PUT' | 'DELETE'; bucket: string },
  signal: AbortSignal,
): Promise<void> {
  const sender = createSender({ endpoint, timeoutMillis, connections: 1 });
  try {
    const scope = { host: sender.host, region, service: 's3' } as const;
    const call = { method, path: `/${bucket}`, headers: {} };
    const signed = signRequest(call, scope, { accessKeyId, secretAccessKey });
    const { status, body } = await sender.send(signed, signal);
    if (status < 300) return;
    throw new Error(`the store refused ${method} of the bucket ${bucket}: ${status} ${body}`);
  } finally {
    sender.close();
  }
}
