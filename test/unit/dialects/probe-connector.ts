import type { TestContext } from 'node:test';
import { Agent } from 'undici';
import { loadConfig } from '../../../src/config/load-config.ts';
import { builtInDialects } from '../../../src/dialects/built-in.ts';
import { type ConnectorProbe, probeConnectors } from '../../../src/dialects/probe-connectors.ts';

/** The checks of one connector with these settings. */
export async function probe(
  t: TestContext,
  connector: object,
  secrets: Record<string, string> = { KEY: 'key-of-the-connector' },
): Promise<ConnectorProbe[]> {
  const own = Object.entries(secrets).map(([name, value]) => [`CONNECTOR_EDC_${name}`, value] as const);
  const { config, secrets: read } = loadConfig({
    env: {
      EDC_JP_STORE_ENDPOINT: 'http://store.test',
      EDC_JP_STORE_BUCKET: 'results',
      EDC_JP_HTTP_PUBLIC_URL: 'http://jobs.test',
      EDC_JP_CONNECTORS: JSON.stringify([{ name: 'edc', ...connector }]),
      STORE_ACCESS_KEY_ID: 'test',
      STORE_SECRET_ACCESS_KEY: 'test-test-test',
      RESULT_KEYS: `test:${'0'.repeat(32)}`,
      CONNECTOR_EDC_TOKENS: 'token-of-the-connector',
      ...Object.fromEntries(own),
    },
  });
  const dispatcher = new Agent();
  t.after(() => dispatcher.destroy());
  return await probeConnectors({ dialects: builtInDialects, config, secrets: read, dispatcher }, t.signal);
}

export function shortOf(probes: ConnectorProbe[]): string[] {
  return probes.map(({ check, result, detail }) => `${check} ${result}: ${detail}`);
}
