import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../log.ts';
import { type DemoServers, prepareServers } from '../demo-servers.ts';
import { type DevFacts, describeEnvironment, devEnvironment } from './describe-dev.ts';
import { makeDevFolder } from './state-folder.ts';
import { startEmbeddedServers } from '../embedded-servers.ts';
import { freePort } from '../free-port.ts';
import {
  preferredSettings,
  provisionUrl,
  serviceEnvironment,
  serviceUrl,
  type KnownConnector,
} from '../service-environment.ts';
import { startEmbeddedService } from '../start-embedded-service.ts';

export interface DevOptions {
  /** 0 selects a free port. */
  port: number;
  connector: KnownConnector & { key: string };
  /** Starts the cluster and the store alone; the user runs the service on that port. */
  serversOnly: boolean;
  version: string;
  env: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

export interface Dev extends AsyncDisposable {
  facts: DevFacts;
}

/** Starts cluster, store and service in this process, with a temporary folder that is removed at their end. */
export async function startDev(options: DevOptions): Promise<Dev> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await makeDevFolder());
  const servers = await startEmbeddedServers(folder);
  stack.defer(() => servers.stop());
  const port = options.port === 0 ? await freePort() : options.port;
  if (options.serversOnly) {
    await prepareServers(servers);
  } else {
    const { connector, version, env, log } = options;
    const service = await startEmbeddedService({ servers, port, version, connectors: [connector], env, log });
    stack.defer(() => service.stop());
  }
  const facts = factsOf({ ...options, port }, servers, folder);
  await writeFile(facts.environmentFile, describeEnvironment(facts), { mode: 0o600 });
  const owned = stack.move();
  return { facts, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function factsOf(
  { connector, port, serversOnly }: DevOptions,
  servers: DemoServers,
  folder: string,
): DevFacts {
  const { endpoint, region, accessKeyId, secretAccessKey } = servers.s3;
  const url = serviceUrl(port);
  const facts = {
    kubeconfig: servers.kubeconfig,
    namespace: servers.name,
    s3: { endpoint, region, accessKeyId, secretAccessKey, bucket: servers.name },
    service: url,
    serversOnly,
    connector: {
      name: connector.name,
      provisionUrl: provisionUrl(url, connector),
      callback: connector.callbackPrefix,
    },
    connectorKey: connector.key,
    environmentFile: join(folder, 'environment'),
  };
  const forServe = {
    ...preferredSettings,
    ...serviceEnvironment({ servers, port, connectors: [connector] }),
  };
  return { ...facts, environment: { ...devEnvironment(facts), ...(serversOnly ? forServe : {}) } };
}
