import { processEnvironment, type Config, type Environment } from '../config/config.ts';
import { loadConfig, type LoadedConfig } from '../config/load-config.ts';

/** Values for settings without a default. No connection is made to them. */
const placeholders: Record<string, string> = {
  EDC_JP_STORE_ENDPOINT: 'http://store.invalid',
  EDC_JP_STORE_BUCKET: 'results',
};
const secrets: Record<string, string | undefined> = {
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
  const env = withPlaceholders(given, /^CONNECTOR_\w+_(TOKENS|CLIENT_SECRET)$/);
  return loadConfig(file === undefined ? { env } : { env, file }).config;
}

/**
 * Settings and secrets of the connectors, for a machine that need not have the others: neither the store's keys nor the tokens in the
 * connectors' paths are used.
 */
export function loadConnectorSettings(file: string | undefined): LoadedConfig {
  const given = { ...placeholders, ...secrets, ...processEnvironment() };
  const env = withPlaceholders(given, /^CONNECTOR_\w+_TOKENS$/);
  return loadConfig(file === undefined ? { env } : { env, file });
}

/** The environment with a value for each secret of this form, whatever connectors the file names. */
function withPlaceholders(given: Record<string, string | undefined>, names: RegExp): Environment {
  return new Proxy(given, {
    get: (target, name) =>
      target[String(name)] ?? (names.test(String(name)) ? 'unused-unused-unused' : undefined),
  });
}
