import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startService } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { prepareServers } from '../../src/demo/demo-servers.ts';
import { startEmbeddedServers } from '../../src/demo/embedded-servers.ts';
import { freePort } from '../../src/demo/free-port.ts';
import { preferredSettings, serviceEnvironment, serviceUrl } from '../../src/demo/service-environment.ts';
import { createLogger } from '../../src/log.ts';
import { conformanceConnector, conformanceTemplates } from '../../test/support/conformance-fixtures.ts';

const token = 'token-of-the-kit';

/** This service on the embedded cluster and store, with the fixtures of the tests; everything ends with `stop`. */
export async function startConformanceTarget(
  callbackPort: number,
): Promise<{ target: string; stop: () => Promise<void> }> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'edc-job-provisioner-conformance-'));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const servers = await startEmbeddedServers(folder);
  stack.defer(() => servers.stop());
  await prepareServers(servers);
  const port = await freePort();
  const connector = conformanceConnector(`http://localhost:${callbackPort}`);
  const { config, secrets } = loadConfig({
    file: '',
    env: {
      ...preferredSettings,
      ...serviceEnvironment({ servers, port, connectors: [] }),
      EDC_JP_TEMPLATES_DIRECTORY: resolve(conformanceTemplates),
      EDC_JP_CONNECTORS: JSON.stringify([connector]),
      CONNECTOR_KIT_TOKENS: token,
    },
  });
  const service = await startService({
    config,
    secrets,
    version: 'conformance',
    log: createLogger('silent'),
  });
  stack.defer(() => service.kill());
  const owned = stack.move();
  return {
    target: `${serviceUrl(port)}/connectors/${connector.name}/${token}`,
    stop: () => owned.disposeAsync(),
  };
}
