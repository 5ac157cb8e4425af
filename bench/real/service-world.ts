import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/demo/free-port.ts';
import { Bucket } from '../../test/support/bucket.ts';
import { mergeSettings, type Settings } from '../../test/support/settings.ts';
import { openNamespace, type Namespace } from '../../test/support/namespace.ts';
import { ServiceProcess } from '../../test/support/service-process.ts';
import type { RealStore } from './servers.ts';

export const connectorName = 'bench';

export interface RealServers {
  folder: string;
  /** Path of the kubeconfig. */
  kubeconfig: string;
  store: RealStore;
}

export interface ServiceWorld {
  /** Temporary folder of this world. */
  folder: string;
  namespace: Namespace;
  bucket: Bucket;
  service: ServiceProcess;
  settings: Settings;
  /** The settings in a file. */
  settingsFile: string;
  env: Record<string, string>;
  /** Where a connector's requests go. */
  provisionUrl: string;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WorldOptions {
  /** Where callbacks go. */
  callbackPrefix: string;
  /** Folder of templates; default: the shipped ones. */
  templates?: string;
  settings?: Settings;
  env?: Record<string, string>;
}

const shippedTemplates = fileURLToPath(new URL('../../jobs-templates', import.meta.url));

/** A namespace, a bucket, and a service that is not started yet, with one connector and the shipped templates. */
export async function openServiceWorld(servers: RealServers, options: WorldOptions): Promise<ServiceWorld> {
  const name = `bench-${randomBytes(4).toString('hex')}`;
  const namespace = await openNamespace(servers.kubeconfig, name);
  await namespace.create();
  const bucket = new Bucket(name, servers.store);
  await bucket.create();
  const port = await freePort();
  const token = randomBytes(24).toString('hex');
  const settings = mergeSettings(
    benchSettings(servers, {
      name,
      port,
      callbackPrefix: options.callbackPrefix,
      templates: options.templates ?? shippedTemplates,
    }),
    options.settings ?? {},
  );
  const env = {
    STORE_ACCESS_KEY_ID: servers.store.accessKeyId,
    STORE_SECRET_ACCESS_KEY: servers.store.secretAccessKey,
    RESULT_KEYS: `bench:${randomBytes(32).toString('hex')}`,
    CONNECTOR_BENCH_TOKENS: token,
    CONNECTOR_BENCH_KEY: randomBytes(24).toString('hex'),
  };
  const folder = join(servers.folder, name);
  await mkdir(folder);
  const settingsFile = join(folder, 'settings.json');
  await writeFile(settingsFile, JSON.stringify(settings));
  const service = new ServiceProcess({ name, port, folder, settings, env: { ...env, ...options.env } });
  return {
    folder,
    namespace,
    bucket,
    service,
    settings,
    settingsFile,
    env,
    provisionUrl: `${service.url}/connectors/${connectorName}/${token}/provision`,
    async [Symbol.asyncDispose]() {
      await service.kill();
      await namespace.close();
    },
  };
}

interface SettingsParts {
  name: string;
  templates: string;
  port: number;
  callbackPrefix: string;
}

/** The defaults except for addresses, and for waits that a bench must not include. */
function benchSettings({ kubeconfig, store }: RealServers, parts: SettingsParts): Settings {
  const { name, port, callbackPrefix, templates } = parts;
  const { endpoint, region } = store;
  return {
    http: { host: '127.0.0.1', port, publicUrl: `http://127.0.0.1:${port}`, drainMillis: 0 },
    cluster: { kubeconfig, namespace: name },
    store: { endpoint, region, bucket: name, credentials: 'sts' },
    connectors: [{ name: connectorName, callbackPrefix }],
    templates: { directory: templates },
    images: { sidecar: 'edc-job-provisioner:bench', sidecarPullPolicy: 'Never' },
    reconciler: { callbackHoldMillis: 200 },
  };
}

/** With a filled compile cache, as in the image: without it the first start takes 20 MiB more. The end in order of a former start fills it. */
export async function startWithCache(service: ServiceProcess, folder: string): Promise<void> {
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compile-cache');
  await service.start();
  await service.stop();
  await service.start();
}
