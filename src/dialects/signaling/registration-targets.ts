import type { Config, ConnectorSecrets, Secrets } from '../../config/config.ts';
import { secretName } from '../../config/read-secrets.ts';
import { clientCredentials } from '../request-token.ts';
import type { StartDeps } from '../dialect.ts';
import { createTokenSource, type SourceOptions } from '../token-source.ts';
import { buildAuthorization } from './authorization/settings.ts';
import { keyCredentials, tokenCredentials } from './registration/credentials.ts';
import type { RegistrationTarget } from './registration/register.ts';
import type { SignalingConnector } from './settings.ts';

type Deps = Pick<StartDeps<SignalingConnector>, 'connectors' | 'config'> & {
  secrets: Pick<Secrets, 'connectors'>;
  source: SourceOptions;
};

/** Where this data plane registers itself: at each connector with a `registration.url`. */
export function registrationTargets({ connectors, ...deps }: Deps): RegistrationTarget[] {
  return connectors.flatMap((connector) => {
    const { name, dataplaneId, registration } = connector;
    const { url, profiles, labels, renewSeconds } = registration;
    if (url === undefined) return [];
    const secrets = deps.secrets.connectors[name] ?? { tokens: [], key: undefined };
    const authorization = buildAuthorization(registration.authorization, {
      value: secrets.dataPlaneClientSecret,
      variable: secretName(connector, 'DATA_PLANE_CLIENT_SECRET'),
    });
    const [endpoint = ''] = endpointsOf({ connector, secrets, config: deps.config });
    const dataPlane = {
      dataplaneId,
      endpoint,
      profiles,
      labels,
      ...(authorization === undefined ? {} : { authorization }),
    };
    const credentials = credentialsOf(registration, secrets, deps.source);
    return [{ connector: name, url, dataPlane, renewMillis: renewSeconds * 1000, credentials }];
  });
}

/** By the connector's tokens, all of which are valid; the first one is registered. */
export function endpointsOf({
  connector: { name },
  secrets: { tokens },
  config: { http },
}: {
  connector: Pick<SignalingConnector, 'name'>;
  secrets: Pick<ConnectorSecrets, 'tokens'>;
  config: { http: Pick<Config['http'], 'publicUrl'> };
}): string[] {
  return tokens.map((token) => `${http.publicUrl}/connectors/${name}/${token}/dataflows`);
}

function credentialsOf(
  { tokenEndpoint, clientId }: SignalingConnector['registration'],
  secrets: { managementKey?: string; registrationClientSecret?: string },
  source: SourceOptions,
): RegistrationTarget['credentials'] {
  const { managementKey, registrationClientSecret: clientSecret = '' } = secrets;
  if (tokenEndpoint === undefined || clientId === undefined) return keyCredentials(managementKey);
  return tokenCredentials(
    createTokenSource(clientCredentials({ tokenEndpoint, clientId, clientSecret }), source),
  );
}
