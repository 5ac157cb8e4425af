import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import { type DemoServers, prepareServers } from './demo-servers.ts';
import type { DevFacts } from './describe-dev.ts';
import { describeEnvironment, devEnvironment } from './dev-environment.ts';
import { makeDevFolder } from './dev-state.ts';
import { startEmbeddedServers } from './embedded-servers.ts';
import { freePort } from './free-port.ts';
import {
  preferredSettings,
  provisionUrl,
  serviceEnvironment,
  serviceUrl,
  type KnownConnector,
} from './service-environment.ts';
import { startEmbeddedService } from './start-embedded-service.ts';

export interface DevOptions {
  /** 0 takes a free one. */
  port: number;
  connector: KnownConnector;
  /** Cluster and store alone: somebody else runs the service, on that port. */
  serversOnly: boolean;
  version: string;
  env: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

export interface Dev extends AsyncDisposable {
  facts: DevFacts;
}

/** Cluster, store and service, in this process and a temporary folder that ends with them. */
export async function startDev(options: DevOptions): Promise<Dev> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await makeDevFolder());
  const servers = await startEmbeddedServers({ folder });
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
    namespace: servers.place,
    s3: { endpoint, region, accessKeyId, secretAccessKey, bucket: servers.place },
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
