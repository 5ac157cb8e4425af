import type { KeySetting } from '../dialects/settings.ts';
import type { Config, ConnectorSecrets, Environment, Findings, Secrets } from './config.ts';
import { splitList } from './read-environment.ts';
import { settingsOf } from './settings/connectors.ts';

/** Reads secrets from the environment. No message holds a secret, not even a wrong one. */
export function readSecrets(env: Environment, connectors: Config['connectors'], findings: Findings): Secrets {
  warnOfStrayConnectors(env, connectors, findings);
  checkSecretNames(connectors, findings);
  if ((env['STORE_SESSION_TOKEN'] ?? '') !== '') {
    findings.problems.push(
      'STORE_SESSION_TOKEN: expected nothing: addresses signed with temporary keys expire with them, so use long-lived keys',
    );
  }
  return {
    store: {
      accessKeyId: required(env, 'STORE_ACCESS_KEY_ID', findings),
      secretAccessKey: required(env, 'STORE_SECRET_ACCESS_KEY', findings),
    },
    connectors: Object.fromEntries(connectors.map((one) => [one.name, readConnector(env, one, findings)])),
    resultKeys: readResultKeys(env, findings),
  };
}

function required(env: Environment, name: string, { problems }: Findings): string {
  const value = env[name]?.trim() ?? '';
  if (value === '') problems.push(`${name}: expected a secret in the environment, received nothing`);
  return value;
}

/** A token is one path segment. Two are valid while one replaces the other. */
function readConnector(env: Environment, connector: ConnectorName, findings: Findings): ConnectorSecrets {
  const tokensName = secretName(connector, 'TOKENS');
  const tokens = splitList(env[tokensName]);
  const fits =
    tokens.length >= 1 &&
    tokens.length <= 2 &&
    tokens.every((token) => /^[A-Za-z0-9._~-]{1,256}$/.test(token));
  if (!fits) {
    findings.problems.push(
      `${tokensName}: expected one token, or two with a comma between them, of A-Z a-z 0-9 . _ ~ -, received ${tokens.length === 0 ? 'nothing' : 'something else'} (make one: openssl rand -hex 24)`,
    );
  }
  if (tokens.some((token) => token.length < 16)) {
    findings.warnings.push(
      `${tokensName} has a token that is shorter than 16 characters: nothing else keeps others out`,
    );
  }
  return { tokens, key: undefined, ...readKeys(env, connector, findings) };
}

function readKeys(env: Environment, connector: ConnectorName, findings: Findings): Partial<ConnectorSecrets> {
  return Object.fromEntries(
    settingsOf(connector).keys.flatMap((setting) => {
      const name = secretName(connector, setting.variable);
      const key = env[name]?.trim() ?? '';
      reportKey({ connector, setting, name, key }, findings);
      return key === '' ? [] : [[setting.member, key]];
    }),
  );
}

function reportKey(
  { connector, setting: { unset, replacedBy, usedWith }, name, key }: ReadKey,
  { problems, warnings }: Findings,
): void {
  if (usedWith !== undefined) {
    const isUsed = usedWith.split('.').reduce<unknown>(memberOf, connector) !== undefined;
    if (isUsed && key === '')
      problems.push(`${name}: expected a secret, because of ${usedWith}, received nothing`);
    if (!isUsed && key !== '') warnings.push(`${name} is not used: the connector has no ${usedWith}`);
  }
  const isReplaced = replacedBy !== undefined && Object.hasOwn(connector, replacedBy);
  if (unset !== undefined && key === '' && !isReplaced) warnings.push(`${name} is not set: ${unset}`);
}

function memberOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[name];
}

interface ReadKey {
  connector: ConnectorName;
  setting: KeySetting;
  name: string;
  key: string;
}

type ConnectorName = Pick<Config['connectors'][number], 'name' | 'dialect'>;

/** The environment variable of a connector's secret. */
export function secretName({ name }: Pick<ConnectorName, 'name'>, variable: string): string {
  return `CONNECTOR_${name.toUpperCase().replaceAll('-', '_')}_${variable}`;
}

function secretNames(connector: ConnectorName): string[] {
  return ['TOKENS', ...settingsOf(connector).keys.map(({ variable }) => variable)].map((variable) =>
    secretName(connector, variable),
  );
}

/** `a` with a MANAGEMENT_KEY and `a-management` with a KEY would share one. */
function checkSecretNames(connectors: Config['connectors'], { problems }: Findings): void {
  const owners = new Map<string, string>();
  for (const connector of connectors) {
    for (const variable of secretNames(connector)) {
      const other = owners.get(variable);
      if (other !== undefined && other !== connector.name)
        problems.push(
          `connectors: expected names whose secrets have names of their own, received "${other}" and "${connector.name}", which both have ${variable}`,
        );
      owners.set(variable, connector.name);
    }
  }
}

/** `id:key,id:key`: the first one signs. */
function readResultKeys(env: Environment, { problems }: Findings): Secrets['resultKeys'] {
  const entries = splitList(env['RESULT_KEYS']);
  if (entries.length === 0) {
    problems.push(
      'RESULT_KEYS: expected id:key, or several with commas between them, received nothing (make a key: openssl rand -hex 32)',
    );
  }
  const keys = entries.map((entry) => ({
    id: entry.slice(0, entry.indexOf(':')),
    key: entry.slice(entry.indexOf(':') + 1),
  }));
  for (const [index, { id, key }] of keys.entries()) {
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(id) || key.length < 32) {
      problems.push(
        `RESULT_KEYS: expected id:key with an id of A-Z a-z 0-9 . _ - and a key of at least 32 characters as entry ${index + 1}, received something else (make a key: openssl rand -hex 32)`,
      );
    }
  }
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    problems.push('RESULT_KEYS: expected a different id for each key');
  return keys;
}

function warnOfStrayConnectors(
  env: Environment,
  connectors: Config['connectors'],
  { warnings }: Findings,
): void {
  const known = new Set(connectors.flatMap(secretNames));
  for (const name of Object.keys(env)) {
    if (/^CONNECTOR_.+_(TOKENS|KEY|CLIENT_SECRET)$/.test(name) && !known.has(name)) {
      warnings.push(`${name} belongs to no configured connector and is ignored`);
    }
  }
}
