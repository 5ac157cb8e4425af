import { startService, type Service } from '../app.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Logger } from '../log.ts';
import { prepareServers } from './demo-servers.ts';
import {
  misleadingSettings,
  preferredSettings,
  serviceEnvironment,
  type ServiceEnvironmentOptions,
} from './service-environment.ts';

export interface EmbeddedServiceOptions extends ServiceEnvironmentOptions {
  version: string;
  /** The user's settings, which apply unless they say where the servers are. */
  env?: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

/** Creates what the service needs in the servers, and starts it in this process. */
export async function startEmbeddedService(options: EmbeddedServiceOptions): Promise<Service> {
  const { version, log, servers } = options;
  const { config, secrets } = loadConfig({ env: environmentOf(options), file: '' });
  await prepareServers(servers);
  return await startService({ config, secrets, version, log });
}

function environmentOf({ env, ...options }: EmbeddedServiceOptions): Record<string, string | undefined> {
  const misleading = Object.fromEntries(misleadingSettings.map((name) => [name, undefined]));
  return { ...preferredSettings, ...env, ...misleading, ...serviceEnvironment(options) };
}
