import type { ConnectorConfig, Secrets } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import { sameText } from '../same-text.ts';

/**
 * The connector that a path names, if the token is one of its valid ones. An unknown connector and a wrong token get the same answer in the
 * same time.
 */
export function authenticateConnector<Connector extends ConnectorConfig>(
  known: { connectors: readonly Connector[]; secrets: Secrets['connectors'] },
  { name, token }: { name: string; token: string },
): Connector {
  const connector = known.connectors.find((one) => one.name === name);
  const secrets = Object.hasOwn(known.secrets, name) ? known.secrets[name] : undefined;
  const tokens = secrets?.tokens ?? [];
  // Always two comparisons, so that the time does not show the number of tokens.
  const right = [tokens[0], tokens[1]].map((valid) => sameText(token, valid ?? '') && valid !== undefined);
  if (connector === undefined || !right.includes(true)) {
    throw new ServiceError('unknown-connector', 'no such connector, or not its token');
  }
  return connector;
}
