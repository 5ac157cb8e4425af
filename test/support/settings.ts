import type { Servers } from './servers.ts';

export type Settings = Record<string, unknown>;

/** `overrides` on top of `base`, member by member; arrays and plain values are replaced whole. */
export function mergeSettings(base: Settings, overrides: Settings): Settings {
  const merged = { ...base };
  for (const [name, value] of Object.entries(overrides)) {
    const below = merged[name];
    merged[name] = isSettings(below) && isSettings(value) ? mergeSettings(below, value) : value;
  }
  return merged;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface SettingsParts {
  port: number;
  servers: Pick<Servers, 's3' | 'sidecarImage' | 'kubeconfig'>;
  /** The service's own; default: the administrator's. */
  kubeconfig?: string;
  namespace: string;
  bucket: string;
  templates: string;
  connectors: Settings[];
}

/** The settings of a service on the loopback whose waits are as short as a busy machine allows. */
export function quickSettings(parts: SettingsParts): Settings {
  const { servers, port } = parts;
  return {
    http: {
      host: '127.0.0.1',
      port,
      publicUrl: `http://127.0.0.1:${port}`,
      answerDeadlineMillis: 1500,
      busyHoldMillis: 200,
      drainMillis: 0,
      shutdownMillis: 5000,
      unauthenticated: 'loopback',
    },
    cluster: { kubeconfig: parts.kubeconfig ?? servers.kubeconfig, namespace: parts.namespace },
    store: {
      endpoint: servers.s3.endpoint,
      podEndpoint: servers.s3.podEndpoint,
      region: servers.s3.region,
      bucket: parts.bucket,
      credentials: servers.s3.credentials,
    },
    connectors: parts.connectors,
    templates: { directory: parts.templates },
    images: { sidecar: servers.sidecarImage, sidecarPullPolicy: 'Never' },
    pods: { limits: { pending: 120, run: 120, upload: 60, stopGrace: 2 } },
    reconciler: {
      leaseSeconds: 3,
      callbackHoldMillis: 200,
      takeoverHoldMillis: 0,
      backoff: { firstMillis: 100, maxMillis: 500 },
      deliveryTimeoutMillis: 2000,
      sweepSeconds: 5,
    },
    log: { level: 'info' },
  };
}
