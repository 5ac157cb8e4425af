import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { startService, type Service } from '../app.ts';
import { loadConfig } from '../config/load-config.ts';
import { connect } from '../kubernetes/connection.ts';
import type { Logger } from '../log.ts';
import { createBucket } from './create-bucket.ts';
import type { DemoServers } from './demo-servers.ts';

/** A connector that the service shall know. */
export interface KnownConnector {
  name: string;
  token: string;
  /** Of its management API, which is that of its callbacks. */
  key: string;
  callbackPrefix: string;
  managementUrl?: string;
}

export interface EmbeddedServiceOptions {
  servers: DemoServers;
  port: number;
  version: string;
  connectors: readonly KnownConnector[];
  /** Settings of the user's own, which count unless they say where the servers are. */
  env?: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

export interface EmbeddedService {
  url: string;
  namespace: string;
  bucket: string;
  /** Where a connector's requests go: the endpoint of its provisioner entry. */
  provisionUrl(connector: KnownConnector): string;
  stop(): Promise<void>;
}

const templates = fileURLToPath(new URL('../../jobs-templates', import.meta.url));

/** The service itself, in this process. */
export async function startEmbeddedService(options: EmbeddedServiceOptions): Promise<EmbeddedService> {
  const url = `http://127.0.0.1:${options.port}`;
  const { config, secrets } = loadConfig({ env: environmentOf(options, url), file: '' });
  const { version, log, servers } = options;
  await createNamespace(servers);
  await createBucket(servers.s3, servers.place, AbortSignal.timeout(10_000));
  const service: Service = await startService({ config, secrets, version, log });
  return {
    url,
    namespace: servers.place,
    bucket: servers.place,
    provisionUrl: ({ name, token }) => `${url}/connectors/${name}/${token}/provision`,
    stop: () => service.stop(),
  };
}

function environmentOf(
  { servers, port, connectors, env }: EmbeddedServiceOptions,
  url: string,
): Record<string, string | undefined> {
  const secrets: Record<string, string> = {};
  for (const { name, token, key } of connectors) {
    const prefix = `CONNECTOR_${name.toUpperCase().replaceAll('-', '_')}`;
    secrets[`${prefix}_TOKENS`] = token;
    secrets[`${prefix}_KEY`] = key;
  }
  return {
    // Ctrl-C is not the moment to wait for other people's downloads.
    EDC_JP_HTTP_DRAIN_MILLIS: '0',
    EDC_JP_HTTP_SHUTDOWN_MILLIS: '1000',
    EDC_JP_TEMPLATES_DIRECTORY: templates,
    EDC_JP_HTTP_BARE: 'loopback',
    ...env,
    EDC_JP_CONFIG: undefined,
    EDC_JP_HTTP_HOST: '127.0.0.1',
    EDC_JP_HTTP_PORT: String(port),
    EDC_JP_HTTP_PUBLIC_URL: url,
    EDC_JP_CLUSTER_KUBECONFIG: servers.kubeconfig,
    EDC_JP_CLUSTER_CONTEXT: undefined,
    EDC_JP_CLUSTER_NAMESPACE: servers.place,
    EDC_JP_STORE_ENDPOINT: servers.s3.endpoint,
    EDC_JP_STORE_POD_ENDPOINT: servers.s3.podEndpoint,
    EDC_JP_STORE_PUBLIC_ENDPOINT: undefined,
    EDC_JP_STORE_REGION: servers.s3.region,
    EDC_JP_STORE_CREDENTIALS: servers.s3.credentials,
    EDC_JP_STORE_BUCKET: servers.place,
    EDC_JP_IMAGES_SIDECAR: servers.sidecarImage,
    EDC_JP_CONNECTORS: JSON.stringify(
      connectors.map(({ name, callbackPrefix, managementUrl }) => ({ name, callbackPrefix, managementUrl })),
    ),
    STORE_ACCESS_KEY_ID: servers.s3.accessKeyId,
    STORE_SECRET_ACCESS_KEY: servers.s3.secretAccessKey,
    RESULT_KEYS: `run:${randomBytes(32).toString('hex')}`,
    ...secrets,
  };
}

async function createNamespace({ kubeconfig, place: namespace }: DemoServers): Promise<void> {
  const connection = await connect({ kubeconfig, namespace, requestTimeoutMillis: 10_000 });
  try {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await connection.json({ method: 'POST', path: '/api/v1/namespaces', body }, AbortSignal.timeout(10_000));
  } finally {
    await connection.close();
  }
}
