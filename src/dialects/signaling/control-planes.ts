import type { ConnectorSecrets } from '../../config/config.ts';
import { secretName } from '../../config/read-secrets.ts';
import type { StartDeps } from '../dialect.ts';
import type { TokenRules } from './authorization/check-claims.ts';
import type { ControlPlane } from './authorization/control-plane.ts';
import type { ExchangeRules } from './authorization/grants.ts';
import { configuredControlPlanes } from './authorization/settings.ts';
import { createTokenVerifier } from './authorization/verify-token.ts';
import { createControlPlaneStore, type ControlPlaneStore } from './registration/control-plane-store.ts';
import { listControlPlanes, type ConnectorRules } from './registration/control-planes.ts';
import type { SignalingConnector } from './settings.ts';

/** The control planes of all connectors, by settings and by registrations. */
export interface ControlPlanes {
  store: ControlPlaneStore;
  rulesOf(connector: SignalingConnector): ConnectorRules;
  /**
   * The id of the sender of a message. Undefined if none of the connector's control planes has an authorization: the token in the path is
   * enough then. Throws `unauthorized`, and `unavailable` if that cannot be decided now.
   */
  identify: (call: IncomingCall, signal: AbortSignal) => Promise<string | undefined>;
  /** The control plane to call for a flow; undefined if it is not known. */
  find(
    flow: { connector: SignalingConnector; requester: string | undefined },
    signal: AbortSignal,
  ): Promise<ControlPlane | undefined>;
}

interface IncomingCall {
  connector: SignalingConnector;
  header: string;
}

type Deps = Pick<
  StartDeps<SignalingConnector>,
  'connectors' | 'secrets' | 'cluster' | 'dispatcher' | 'log' | 'now' | 'stopping'
>;

export function createControlPlanes(deps: Deps): ControlPlanes {
  const { connectors, secrets, cluster, dispatcher, log, now, stopping } = deps;
  const store = createControlPlaneStore({ secrets: cluster.secrets, log, stopping });
  const verifier = createTokenVerifier({ dispatcher, log, stopping, now });
  const configured = new Map(
    connectors.map((connector) => [
      connector.name,
      configuredOf(connector, secrets.connectors[connector.name]),
    ]),
  );
  function rulesOf({ name, callbackPrefix, authorization: { keyless } }: SignalingConnector): ConnectorRules {
    return { keyless, callbackPrefix, configured: configured.get(name) ?? [] };
  }
  async function list(connector: SignalingConnector, signal: AbortSignal): Promise<readonly ControlPlane[]> {
    return await listControlPlanes(store, { connector: connector.name, ...rulesOf(connector) }, signal);
  }
  return {
    store,
    rulesOf,
    async identify({ connector, header }, signal) {
      const known = await list(connector, signal);
      if (known.every(({ authorization }) => authorization === undefined)) return undefined;
      return (await verifier.identify({ header, known, rules: tokenRulesOf(connector) }, signal)).id;
    },
    async find({ connector, requester }, signal) {
      const known = await list(connector, signal);
      if (requester !== undefined) return known.find(({ id }) => id === requester);
      return known.length === 1 ? known[0] : undefined;
    },
  };
}

function configuredOf(connector: SignalingConnector, secrets?: ConnectorSecrets): ControlPlane[] {
  const variable = secretName(connector, 'CONTROL_PLANE_CLIENT_SECRET');
  return configuredControlPlanes(connector, { value: secrets?.controlPlaneClientSecret, variable });
}

function tokenRulesOf({ dataplaneId, authorization }: SignalingConnector): TokenRules {
  const { audience, clockSkewSeconds, keyless, replays, scope } = authorization;
  return { dataplaneId, audience, clockSkewSeconds, keyless, replays, scope };
}

export function exchangeRulesOf({ authorization }: SignalingConnector): ExchangeRules {
  const { workloadTokenFile, resource, scope } = authorization;
  return { workloadTokenFile, resource, scope };
}
