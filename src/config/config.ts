import type { ConnectorSettings } from './settings/connectors.ts';
import type { Settings } from './settings/settings.ts';

/**
 * Settings may be logged, printed and mounted as a file. Each is declared once, in `settings/`. Here they are complete: settings
 * whose default follows from other settings have a value.
 */
export type Config = Omit<Settings, 'http' | 'store' | 'connectors' | 'reconciler'> & {
  http: HttpConfig;
  store: StoreConfig;
  connectors: ConnectorConfig[];
  reconciler: ReconcilerConfig;
};

export type HttpConfig = Complete<Settings['http'], 'publicUrl'>;
export type ClusterConfig = Settings['cluster'];
export type StoreConfig = Omit<Complete<Settings['store'], 'podEndpoint' | 'publicEndpoint'>, 'sts'> & {
  sts: Complete<Settings['store']['sts'], 'endpoint' | 'region'>;
};
/** The members that all connectors have; each dialect adds its own. */
export type ConnectorConfig = Complete<ConnectorSettings, 'resultsUrl'>;
export type ReconcilerConfig = Complete<Settings['reconciler'], 'identity'>;
export type ResultsConfig = Settings['results'];

type Complete<Values, Name extends keyof Values> = Omit<Values, Name> & Required<Pick<Values, Name>>;

/** Base of the data addresses that a connector gets. */
export function resultsUrlOf(
  { connectors, http }: Pick<Config, 'connectors' | 'http'>,
  connector: string,
): string {
  return connectors.find(({ name }) => name === connector)?.resultsUrl ?? http.publicUrl;
}

/** Read from the environment alone, never logged, never in the same object as settings. */
export interface Secrets {
  store: { accessKeyId: string; secretAccessKey: string };
  /**
   * By connector name. Two tokens are valid during rotation; `key` guards where the connector is called back, `managementKey` its
   * management API where that has another one, `managementClientSecret` the OAuth2 client of that API.
   */
  connectors: Record<string, ConnectorSecrets>;
  /** HMAC keys of result addresses: the first one signs, all verify. */
  resultKeys: { id: string; key: string }[];
}

export interface ConnectorSecrets {
  tokens: string[];
  key: string | undefined;
  managementKey?: string;
  managementClientSecret?: string;
  /** Of the client by which a configured control plane is called. */
  controlPlaneClientSecret?: string;
  /** Of the client that control planes get with the registration of this data plane. */
  dataPlaneClientSecret?: string;
  /** Of the client for the API where this data plane registers itself. */
  registrationClientSecret?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Only here is the process's environment read; all other code gets the values that it needs. */
export function processEnvironment(): Environment {
  return process.env;
}

/** Collected by all steps of reading the configuration, so that one error reports every problem. */
export interface Findings {
  problems: string[];
  warnings: string[];
}
