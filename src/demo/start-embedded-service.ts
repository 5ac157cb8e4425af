import { startService } from '../app.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Logger } from '../log.ts';
import type { DemoServers } from './demo-servers.ts';
import { prepareServers } from './prepare-servers.ts';
import {
  misleadingSettings,
  preferredSettings,
  provisionUrl,
  serviceEnvironment,
  serviceUrl,
  type KnownConnector,
} from './service-environment.ts';

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

/** The service itself, in this process. */
export async function startEmbeddedService(options: EmbeddedServiceOptions): Promise<EmbeddedService> {
  const { version, log, servers, port } = options;
  const url = serviceUrl(port);
  const { config, secrets } = loadConfig({ env: environmentOf(options), file: '' });
  await prepareServers(servers);
  const service = await startService({ config, secrets, version, log });
  return {
    url,
    namespace: servers.place,
    bucket: servers.place,
    provisionUrl: (connector) => provisionUrl(url, connector),
    stop: () => service.stop(),
  };
}

<<<<<<< HEAD
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
=======
function environmentOf({ env, ...options }: EmbeddedServiceOptions): Record<string, string | undefined> {
  const misleading = Object.fromEntries(misleadingSettings.map((name) => [name, undefined]));
  return { ...preferredSettings, ...env, ...misleading, ...serviceEnvironment(options) };
>>>>>>> 7e0da43 (Let dev run in the background and tell any shell where it is, and run the documented commands in a test)
}
