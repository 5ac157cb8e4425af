import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { messageOf, ServiceError } from '../errors.ts';
import { checkSettings } from './check-settings.ts';
import { checkShape } from './check-shape.ts';
import { completeSettings } from './complete-settings.ts';
import type { Config, Environment, Findings, Secrets } from './config.ts';
import { mergeSettings } from './merge-settings.ts';
import { readEnvironment } from './read-environment.ts';
import { readSecrets } from './read-secrets.ts';

export interface LoadedConfig {
  config: Config;
  secrets: Secrets;
  warnings: string[];
}

interface ConfigSources {
  env: Environment;
  /** Path of the settings file; '' is none. */
  file?: string | undefined;
}

/**
 * Reads settings (the file wins over the environment, the environment over defaults) and secrets (from the environment alone).
 * Throws one `invalid-config` whose message has a line for each problem. The result is frozen.
 */
export function loadConfig({ env, file = env['EDC_JP_CONFIG'] ?? '' }: ConfigSources): LoadedConfig {
  const findings: Findings = { problems: [], warnings: [] };
  const fromFile = file === '' ? {} : readFile(file, findings);
  const merged = mergeSettings(fromFile, readEnvironment(env, findings), findings);
  const config = checkShape(merged, findings) ? completeSettings(merged) : undefined;
  if (config !== undefined) checkSettings(config, findings);
  const secrets = readSecrets(env, config?.connectors ?? namedConnectors(merged), findings);
  if (config === undefined || findings.problems.length > 0) throw invalid(findings);
  return { config: freeze(config), secrets: freeze(secrets), warnings: findings.warnings };
}

const sizeLimit = 1024 * 1024;

/** Reads the settings file, which is YAML. An empty file holds no settings. */
function readFile(path: string, findings: Findings): Record<string, unknown> {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > sizeLimit) throw new Error(`it is larger than ${sizeLimit} bytes`);
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new Error('its top level is not a map of settings');
  } catch (error) {
    findings.problems.push(
      `${path} (EDC_JP_CONFIG): expected a YAML file of settings, but ${messageOf(error)}`,
    );
    return {};
  }
}

/** Connectors of settings that have another fault: their missing secrets are reported together with that. */
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
