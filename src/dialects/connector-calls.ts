import type { Dispatcher } from 'undici';
import type { Config, ConnectorConfig, Secrets } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import type { Connectors } from '../reconciler/types.ts';
import { createRedactor, listSecrets } from '../redact-secrets.ts';
import type { ConnectorCall, Dialect } from './dialect.ts';
import { createAccessTokens } from './access-tokens.ts';

export interface CallParts {
  dialects: readonly Dialect[];
  config: Config;
  secrets: Secrets;
  dispatcher: Dispatcher;
  metrics: Metrics;
}

/** The reconciler's calls of connectors, bound to their dialects, settings and secrets. */
export function connectorCalls({ dialects, config, ...parts }: CallParts): Connectors {
  const { metrics } = parts;
  const buildCall = connectorCallBuilder({ config, ...parts });
  const byName = new Map(dialects.map((dialect) => [dialect.name, dialect]));
  const rules = new Map(dialects.map((dialect) => [dialect.name, dialect.rules(config)]));
  function callTo(name: string): { dialect: Dialect; call: ConnectorCall<ConnectorConfig> } {
    const connector = config.connectors.find((one) => one.name === name);
    const dialect = byName.get(connector?.dialect ?? '');
    if (connector === undefined || dialect === undefined)
      throw new ServiceError('unknown-connector', `"${name}" is not configured any more`);
    return { dialect, call: buildCall(connector) };
  }
  return {
    rulesOf: ({ dialect }) => rules.get(dialect),
    async deliver(delivery, signal) {
      const { connector, dialect: accepted } = delivery.request;
      const { dialect, call } = callTo(connector);
      if (dialect.name !== accepted)
        throw new ServiceError('unknown-connector', `"${connector}" is configured with another dialect now`);
      const answer = await dialect.deliver({ ...call, ...delivery }, signal);
      metrics.deliveries.inc({ connector, result: answer.result });
      return answer;
    },
    polled: config.connectors
      .filter((one) => byName.get(one.dialect)?.polling?.isPossible(one) === true)
      .map(({ name }) => name),
    async poll(name, flows, signal) {
      const { dialect, call } = callTo(name);
      function count(result: 'answered' | 'failed'): void {
        metrics.transferPolls.inc({ connector: name, result });
      }
      const own = flows.filter(({ request }) => request.dialect === dialect.name);
      return (await dialect.polling?.poll({ ...call, flows: own, count }, signal)) ?? { states: new Map() };
    },
  };
}

/** Adds to a connector the secrets and clients that a call of it needs. All calls share the access tokens. */
export function connectorCallBuilder({
  config,
  secrets,
  dispatcher,
}: Pick<CallParts, 'config' | 'secrets' | 'dispatcher'>): (
  connector: ConnectorConfig,
) => ConnectorCall<ConnectorConfig> {
  const redact = createRedactor(listSecrets(secrets));
  const accessTokens = createAccessTokens();
  const timeoutMillis = config.reconciler.deliveryTimeoutMillis;
  return (connector) => {
    const { key, managementKey, managementClientSecret } = secrets.connectors[connector.name] ?? {};
    const keys = { key, managementKey, managementClientSecret };
    return { connector, ...keys, accessTokens, timeoutMillis, dispatcher, redact };
  };
}
