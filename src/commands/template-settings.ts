import { processEnvironment, type Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';

/** Values for settings without a default. No connection is made to them. */
const placeholders: Record<string, string> = {
  EDC_JP_STORE_ENDPOINT: 'http://store.invalid',
  EDC_JP_STORE_BUCKET: 'results',
};
const secrets: Record<string, string> = {
  STORE_ACCESS_KEY_ID: 'unused',
  STORE_SECRET_ACCESS_KEY: 'unused',
  RESULT_KEYS: `unused:${'0'.repeat(32)}`,
};

/**
 * The settings that templates are checked against, read as `serve` reads them from the file and the environment. Secrets are replaced by
 * placeholders: templates are checked, and Jobs released, on machines without secrets.
 */
export function loadTemplateSettings(file: string | undefined): Config {
  const settings = Object.entries(processEnvironment()).filter(([name]) => name.startsWith('EDC_JP_'));
  const given: Record<string, string | undefined> = {
    ...placeholders,
    ...Object.fromEntries(settings),
    ...secrets,
  };
  const env = new Proxy(given, {
    get: (target, name) => target[String(name)] ?? connectorToken(String(name)),
  });
  return loadConfig(file === undefined ? { env } : { env, file }).config;
}

/** A token for any connector that the file names. */
function connectorToken(name: string): string | undefined {
  return /^CONNECTOR_\w+_TOKENS$/.test(name) ? 'unused-unused-unused' : undefined;
}
