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
  /** The user's settings, which apply unless they say where the servers are. */
  env?: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

export interface EmbeddedService {
  url: string;
  namespace: string;
  /** Endpoint of the connector's provisioner entry. */
  provisionUrl(connector: KnownConnector): string;
  stop(): Promise<void>;
}

/** Starts the service in this process. */
export async function startEmbeddedService(options: EmbeddedServiceOptions): Promise<EmbeddedService> {
  const { version, log, servers, port } = options;
  const url = serviceUrl(port);
  const { config, secrets } = loadConfig({ env: environmentOf(options), file: '' });
  await prepareServers(servers);
  const service = await startService({ config, secrets, version, log });
  return {
    url,
    namespace: servers.name,
    provisionUrl: (connector) => provisionUrl(url, connector),
    stop: () => service.stop(),
  };
}

function environmentOf({ env, ...options }: EmbeddedServiceOptions): Record<string, string | undefined> {
  const misleading = Object.fromEntries(misleadingSettings.map((name) => [name, undefined]));
  return { ...preferredSettings, ...env, ...misleading, ...serviceEnvironment(options) };
}
