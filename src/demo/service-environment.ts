import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
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

export interface ServiceEnvironmentOptions {
  servers: DemoServers;
  port: number;
  connectors: readonly KnownConnector[];
}

const templates = fileURLToPath(new URL('../../jobs-templates', import.meta.url));

/** Settings that a user's own beat. */
export const preferredSettings: Readonly<Record<string, string>> = {
  // Ctrl-C is not the moment to wait for other people's downloads.
  EDC_JP_HTTP_DRAIN_MILLIS: '0',
  EDC_JP_HTTP_SHUTDOWN_MILLIS: '1000',
  EDC_JP_TEMPLATES_DIRECTORY: templates,
  // Nobody but this machine reaches the loopback, and its users come without a token.
  EDC_JP_HTTP_UNAUTHENTICATED: 'loopback',
};

/** Settings and secrets with which `serve` works on these servers and for these connectors. */
export function serviceEnvironment({
  servers: { kubeconfig, place, s3, sidecarImage },
  port,
  connectors,
}: ServiceEnvironmentOptions): Record<string, string> {
  return {
    EDC_JP_HTTP_HOST: '127.0.0.1',
    EDC_JP_HTTP_PORT: String(port),
    EDC_JP_HTTP_PUBLIC_URL: serviceUrl(port),
    EDC_JP_CLUSTER_KUBECONFIG: kubeconfig,
    EDC_JP_CLUSTER_NAMESPACE: place,
    EDC_JP_STORE_ENDPOINT: s3.endpoint,
    ...(s3.podEndpoint === undefined ? {} : { EDC_JP_STORE_POD_ENDPOINT: s3.podEndpoint }),
    EDC_JP_STORE_REGION: s3.region,
    EDC_JP_STORE_CREDENTIALS: s3.credentials,
    EDC_JP_STORE_BUCKET: place,
    EDC_JP_IMAGES_SIDECAR: sidecarImage,
    EDC_JP_CONNECTORS: JSON.stringify(
      connectors.map(({ name, callbackPrefix, managementUrl }) => ({ name, callbackPrefix, managementUrl })),
    ),
    STORE_ACCESS_KEY_ID: s3.accessKeyId,
    STORE_SECRET_ACCESS_KEY: s3.secretAccessKey,
    RESULT_KEYS: `run:${randomBytes(32).toString('hex')}`,
    ...Object.fromEntries(connectors.flatMap(secretsOf)),
  };
}

/** Settings that would lead elsewhere, if somebody has set them. */
export const misleadingSettings = [
  'EDC_JP_CONFIG',
  'EDC_JP_CLUSTER_CONTEXT',
  'EDC_JP_STORE_POD_ENDPOINT',
  'EDC_JP_STORE_PUBLIC_ENDPOINT',
];

export function serviceUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** The endpoint of the connector's provisioner entry; its token is a secret. */
export function provisionUrl(url: string, { name, token }: KnownConnector): string {
  return `${url}/connectors/${name}/${token}/provision`;
}

function secretsOf({ name, token, key }: KnownConnector): [name: string, value: string][] {
  const prefix = `CONNECTOR_${name.toUpperCase().replaceAll('-', '_')}`;
  return [
    [`${prefix}_TOKENS`, token],
    [`${prefix}_KEY`, key],
  ];
}
