import { randomBytes } from 'node:crypto';
import { startService } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createLogger } from '../../src/log.ts';
import { startTestApi, type TestApi } from '../support/api-server.ts';
import { openTestStore, type TestStore } from '../support/test-store.ts';
import { makeTemplates } from './template/template-folder.ts';

export const token = randomBytes(24).toString('hex');
export const resultKey = '0'.repeat(32);
export const callbackAddress = 'http://connector.test/callback';

export interface StartedApp {
  api: TestApi;
  store: TestStore;
  port: number;
}

/** The whole service in this process, on an API server without controllers and the embedded store; ends with `stack`. */
export async function startApp(
  stack: AsyncDisposableStack,
  more: Record<string, string> = {},
): Promise<StartedApp> {
  const api = stack.use(await startTestApi());
  const store = stack.use(await openTestStore());
  const templates = stack.use(await makeTemplates({}));
  const { config, secrets } = loadConfig({
    env: {
      EDC_JP_HTTP_HOST: '127.0.0.1',
      EDC_JP_HTTP_PORT: '0',
      EDC_JP_HTTP_DRAIN_MILLIS: '0',
      EDC_JP_CLUSTER_KUBECONFIG: api.kubeconfig,
      EDC_JP_CLUSTER_NAMESPACE: 'jobs',
      EDC_JP_STORE_ENDPOINT: store.endpoint,
      EDC_JP_STORE_BUCKET: store.bucket,
      EDC_JP_TEMPLATES_DIRECTORY: templates.directory,
      EDC_JP_CONNECTORS: JSON.stringify([{ name: 'provider', callbackPrefix: callbackAddress }]),
      STORE_ACCESS_KEY_ID: store.keys.accessKeyId,
      STORE_SECRET_ACCESS_KEY: store.keys.secretAccessKey,
      RESULT_KEYS: `test:${resultKey}`,
      CONNECTOR_PROVIDER_TOKENS: token,
      CONNECTOR_PROVIDER_KEY: 'the-management-key',
      ...more,
    },
  });
  const service = await startService({ config, secrets, version: 'test', log: createLogger('silent') });
  stack.defer(() => service.kill());
  return { api, store, port: service.port };
}
