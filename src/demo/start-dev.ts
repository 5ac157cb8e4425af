import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '../log.ts';
import type { DevFacts } from './describe-dev.ts';
import { startEmbeddedServers } from './embedded-servers.ts';
import { freePort } from './free-port.ts';
import { startEmbeddedService, type KnownConnector } from './start-embedded-service.ts';

export interface DevOptions {
  /** 0 takes a free one. */
  port: number;
  connector: KnownConnector;
  version: string;
  env: Readonly<Record<string, string | undefined>>;
  log: Logger;
}

export interface Dev extends AsyncDisposable {
  facts: DevFacts;
}

/** Cluster, store and service, in this process and a temporary folder that ends with them. */
export async function startDev({ port, connector, version, env, log }: DevOptions): Promise<Dev> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'edc-job-provisioner-dev-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const servers = await startEmbeddedServers({ folder });
  stack.defer(() => servers.stop());
  const own = { servers, port: port === 0 ? await freePort() : port };
  const service = await startEmbeddedService({ ...own, version, connectors: [connector], env, log });
  stack.defer(() => service.stop());
  const { endpoint, region, accessKeyId, secretAccessKey } = servers.s3;
  const facts = {
    kubeconfig: servers.kubeconfig,
    namespace: service.namespace,
    s3: { endpoint, region, accessKeyId, secretAccessKey, bucket: service.bucket },
    service: service.url,
    connector: {
      name: connector.name,
      provisionUrl: service.provisionUrl(connector),
      callback: connector.callbackPrefix,
    },
    connectorKey: connector.key,
  };
  const owned = stack.move();
  return { facts, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
