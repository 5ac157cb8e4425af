import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { DemoServers } from './demo-servers.ts';

/** A connector in the configuration of the service. */
export interface KnownConnector {
  name: string;
  token: string;
  /** Key of its callbacks. */
  key?: string;
  /** Of a management API whose key is another secret than that of the callbacks. */
  managementKey?: string;
  callbackPrefix: string;
  managementUrl?: string;
  /** Other members of its settings. */
  settings?: Readonly<Record<string, unknown>>;
}

export interface ServiceEnvironmentOptions {
  servers: DemoServers;
  port: number;
  connectors: readonly KnownConnector[];
}

const templates = fileURLToPath(new URL('../../jobs-templates', import.meta.url));

/** Settings that apply unless the user has set others. */
export const preferredSettings: Readonly<Record<string, string>> = {
  // Ctrl-C does not wait for downloads.
  EDC_JP_HTTP_DRAIN_MILLIS: '0',
  EDC_JP_HTTP_SHUTDOWN_MILLIS: '1000',
  EDC_JP_TEMPLATES_DIRECTORY: templates,
  // Only this machine reaches the loopback, and its users have no token.
  EDC_JP_HTTP_UNAUTHENTICATED: 'loopback',
  EDC_JP_COMPATIBILITY_PATHS: 'on',
};

/** Settings and secrets of a service that uses these servers and knows these connectors. */
export function serviceEnvironment({
  servers: { kubeconfig, name: runName, s3, sidecarImage },
  port,
  connectors,
}: ServiceEnvironmentOptions): Record<string, string> {
  return {
    EDC_JP_HTTP_HOST: '127.0.0.1',
    EDC_JP_HTTP_PORT: String(port),
    EDC_JP_HTTP_PUBLIC_URL: serviceUrl(port),
    EDC_JP_CLUSTER_KUBECONFIG: kubeconfig,
    EDC_JP_CLUSTER_NAMESPACE: runName,
    EDC_JP_STORE_ENDPOINT: s3.endpoint,
    ...(s3.podEndpoint === undefined ? {} : { EDC_JP_STORE_POD_ENDPOINT: s3.podEndpoint }),
    EDC_JP_STORE_REGION: s3.region,
    EDC_JP_STORE_CREDENTIALS: s3.credentials,
    EDC_JP_STORE_BUCKET: runName,
    EDC_JP_IMAGES_SIDECAR: sidecarImage,
    EDC_JP_CONNECTORS: JSON.stringify(
      connectors.map(({ name, callbackPrefix, managementUrl, settings }) => ({
        ...{ name, callbackPrefix, managementUrl },
        ...settings,
      })),
    ),
    STORE_ACCESS_KEY_ID: s3.accessKeyId,
    STORE_SECRET_ACCESS_KEY: s3.secretAccessKey,
    RESULT_KEYS: `run:${randomBytes(32).toString('hex')}`,
    ...Object.fromEntries(connectors.flatMap(secretsOf)),
  };
}

/** Settings that would lead the service to other servers, if the user has set them. */
export const misleadingSettings = [
  'EDC_JP_CONFIG',
  'EDC_JP_CLUSTER_CONTEXT',
  'EDC_JP_STORE_POD_ENDPOINT',
  'EDC_JP_STORE_PUBLIC_ENDPOINT',
];

export function serviceUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Endpoint of the connector's provisioner entry; its token is a secret. */
export function provisionUrl(url: string, { name, token }: KnownConnector): string {
  return `${url}/connectors/${name}/${token}/provision`;
}

function secretsOf({ name, token, key, managementKey }: KnownConnector): [name: string, value: string][] {
  const prefix = `CONNECTOR_${name.toUpperCase().replaceAll('-', '_')}`;
  const secrets = { TOKENS: token, KEY: key, MANAGEMENT_KEY: managementKey };
  return Object.entries(secrets).flatMap(([variable, value]): [string, string][] =>
    value === undefined ? [] : [[`${prefix}_${variable}`, value]],
  );
}
