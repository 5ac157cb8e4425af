import { ServiceError } from '../errors.ts';
import { checkSettings } from './check-settings.ts';
import { checkShape } from './check-shape.ts';
import { completeSettings } from './complete-settings.ts';
import type { Config, Secrets } from './config.ts';
import { noFindings, type Findings } from './findings.ts';
import { mergeSettings } from './merge-settings.ts';
import { readEnvironment, type Environment } from './read-environment.ts';
import { readFile } from './read-file.ts';
import { readSecrets } from './read-secrets.ts';

export interface LoadedConfig {
  config: Config;
  secrets: Secrets;
  warnings: string[];
}

/**
 * Settings: file > environment > defaults. Secrets: environment alone. `file` is its path, by default that in `EDC_JP_CONFIG`.
 * Throws one `invalid-config` whose message has a line for each problem. What it returns is frozen.
 */
export function loadConfig({
  env,
  file = env['EDC_JP_CONFIG'],
}: {
  env: Environment;
  file?: string | undefined;
}): LoadedConfig {
  const findings = noFindings();
  const fromFile = file === undefined || file === '' ? {} : readFile(file, findings);
  const merged = mergeSettings(fromFile, readEnvironment(env, findings), findings);
  const config = checkShape(merged, findings) ? completeSettings(merged) : undefined;
  if (config !== undefined) checkSettings(config, findings);
  const secrets = readSecrets(env, config?.connectors ?? namedConnectors(merged), findings);
  if (config === undefined || findings.problems.length > 0) throw invalid(findings);
  return { config: freeze(config), secrets: freeze(secrets), warnings: findings.warnings };
}

/** So that missing secrets are told together with wrong settings. */
function namedConnectors(merged: unknown): Config['connectors'] {
  const { connectors } = merged as { connectors?: unknown };
  const list: unknown[] = Array.isArray(connectors) ? connectors : [];
  return list.filter(
    (one) => typeof (one as Partial<Config['connectors'][number]> | null)?.name === 'string',
  ) as Config['connectors'];
}

function invalid({ problems }: Findings): ServiceError {
  const lines = problems.map((problem) => `  ${problem}`);
  return new ServiceError('invalid-config', ['the configuration cannot be used:', ...lines].join('\n'));
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}
