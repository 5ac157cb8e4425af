import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { trimSlashes } from '../addresses.ts';
import type { Config, ConnectorConfig } from './config.ts';
import { settingsOf, type ConnectorSettings } from './settings/connectors.ts';
import type { Settings } from './settings/settings.ts';

/** Adds defaults that follow from other settings, and removes final slashes of URLs so that paths can be appended. */
export function completeSettings(settings: Settings): Config {
  const { http, store, reconciler } = settings;
  const publicUrl = trimSlashes(http.publicUrl ?? `http://localhost:${http.port}`);
  const endpoint = trimSlashes(store.endpoint);
  return {
    ...settings,
    http: { ...http, publicUrl },
    store: {
      ...store,
      endpoint,
      podEndpoint: trimSlashes(store.podEndpoint ?? endpoint),
      publicEndpoint: trimSlashes(store.publicEndpoint ?? endpoint),
      sts: {
        ...store.sts,
        endpoint: trimSlashes(store.sts.endpoint ?? endpoint),
        region: store.sts.region ?? store.region,
      },
    },
    connectors: settings.connectors.map((connector) => completeConnector(connector, publicUrl)),
    reconciler: { ...reconciler, identity: reconciler.identity ?? newIdentity() },
  };
}

function completeConnector(connector: ConnectorSettings, publicUrl: string): ConnectorConfig {
  const completed = settingsOf(connector).complete(connector);
  return { ...connector, ...completed, resultsUrl: trimSlashes(connector.resultsUrl ?? publicUrl) };
}

/** Random, since two processes of one name would both take the Lease for theirs. */
function newIdentity(): string {
  return `${hostname()}-${randomBytes(4).toString('hex')}`;
}
