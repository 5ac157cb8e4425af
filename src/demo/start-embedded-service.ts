import { startService } from '../app.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Logger } from '../log.ts';
import { type DemoServers, prepareServers } from './demo-servers.ts';
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

function environmentOf({ env, ...options }: EmbeddedServiceOptions): Record<string, string | undefined> {
  const misleading = Object.fromEntries(misleadingSettings.map((name) => [name, undefined]));
  return { ...preferredSettings, ...env, ...misleading, ...serviceEnvironment(options) };
}
