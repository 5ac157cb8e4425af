import type { Dispatcher } from 'undici';
import type { Config, ConnectorConfig, ConnectorSecrets, Secrets } from '../config/config.ts';
import type { ServiceError } from '../errors.ts';
import type { EnvFileSource } from '../env-files/env-file.ts';
import type { Route } from '../http/route.ts';
import type { HealthCheck } from '../http/routes/health.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { FlowService, ResultAddresses } from '../requests/flow-service.ts';
import type {
  DeliveryAnswer,
  DeliveryRules,
  MessageOfFlow,
  PolledFlow,
  TransferPoll,
} from '../reconciler/types.ts';
import type { Redact } from '../redact-secrets.ts';
import type { Contract } from '../template/contract-path.ts';
import type { Template } from '../template/template.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { AddressKinds } from './address-kinds.ts';

/**
 * A connector's wire format. All code that knows it is in the dialect's folder, and other code uses only this interface. Its part of the
 * settings is in `settings.ts` and loads without the rest.
 */
export interface Dialect<Connector extends ConnectorConfig = ConnectorConfig> {
  /** The value of `connectors[].dialect`, also on the Jobs. */
  name: string;
  /** Reads its provision requests, if its connectors send them to the shared paths `/provision`. */
  requests?: ProvisionRequests;
  /** Routes of this dialect only. */
  routes?(deps: RouteDeps<Connector>): Route[];
  /** A template with a kind that one of its connectors cannot get is refused at the start. */
  addresses: AddressKinds<Connector>;
  /** Whether its requests carry metadata and claims, from which a template may take parameters. */
  carriesContract?: boolean;
  rules(config: Pick<Config, 'http' | 'reconciler'>): DeliveryRules;
  /** Makes one attempt; the reconciler repeats. Throws only when `signal` aborts. */
  deliver(delivery: ConnectorCall<Connector> & MessageOfFlow, signal: AbortSignal): Promise<DeliveryAnswer>;
  /** Absent: the connector sends a request whenever a transfer ends on its side. */
  polling?: {
    isPossible(connector: Connector): boolean;
    poll(query: TransferQuery<Connector>, signal: AbortSignal): Promise<TransferPoll>;
  };
  /**
   * Checks with harmless requests whether the connector can be reached and accepts the credentials. Throws only when `signal` aborts.
   * Absent: nothing can be checked.
   */
  probe?(call: ProbeCall<Connector>, signal: AbortSignal): Promise<ProbeResult[]>;
  /** Starts what lives as long as the service. The returned members replace those of this object. */
  start?(deps: StartDeps<Connector>): StartedDialect<Connector>;
}

export interface StartDeps<Connector> {
  /** Connectors of this dialect. */
  connectors: readonly Connector[];
  config: Config;
  secrets: Secrets;
  cluster: Pick<Cluster, 'secrets'>;
  dispatcher: Dispatcher;
  metrics: Metrics;
  log: Logger;
  now: () => Date;
  /** Aborts when the service stops. */
  stopping: AbortSignal;
}

export interface StartedDialect<Connector extends ConnectorConfig = ConnectorConfig> extends Pick<
  Dialect<Connector>,
  'routes' | 'deliver'
> {
  /** Components of `/health`. */
  components: Readonly<Record<string, HealthCheck>>;
  /** Resolves after `stopping` has aborted. */
  ended: Promise<void>;
}

/** A check also compares what the service would register. */
export interface ProbeCall<Connector> extends ConnectorCall<Connector> {
  config: Config;
  secrets: ConnectorSecrets;
}

/** One checked address of a connector. Holds no secret. */
export interface ProbeResult {
  /** What was checked, for example `callback`. */
  check: string;
  address?: string;
  result: 'passed' | 'failed' | 'skipped';
  /** One sentence. */
  detail: string;
  /** What the operator can do. */
  advice?: string;
}

/** How one dialect reads the requests to the shared paths `/provision`. */
export interface ProvisionRequests {
  /** Name of the body's schema in the OpenAPI document. */
  name: string;
  schema: object;
  /** Whether a body is of this dialect; decides if the path names no connector. */
  recognizes(body: object): boolean;
  /** Throws `invalid-request` that names each wrong member and the expectation. */
  read(body: object, address: RequestAddress): ProvisionMessage;
  /**
   * Its connectors repeat a refused request without end: one that can never be served is accepted, and its failure is delivered. Default: it
   * is answered with a 4xx.
   */
  deliversRefusals?: boolean;
}

/** The job that the URL of a request names. */
export interface RequestAddress {
  template: string | undefined;
  assetId: string | undefined;
}

export interface ProvisionMessage {
  /** Absent: the flow's state decides between the two. */
  type?: 'provision' | 'deprovision';
  /** The connector's own ids, by its own names. */
  ids: Readonly<Record<string, string>>;
  assetId: string;
  callbackAddress: string;
  consumer?: string;
  policyDigest?: string;
  /** Why it can never be served, for a dialect that delivers this. */
  problem?: ServiceError;
  /** The source of parameters with `from`. */
  contract?: Contract;
}

/** Each request of such a connector names its callback address, below the configured prefix. */
export type CalledBack = ConnectorConfig & { callbackPrefix: string };

export interface RouteDeps<Connector> extends ResultAddresses {
  /** Connectors of this dialect. */
  connectors: readonly Connector[];
  secrets: Secrets['connectors'];
  templates: readonly Template[];
  envFiles: EnvFileSource;
  flows: Pick<FlowService, 'accept' | 'refuse' | 'find' | 'recordRepeat' | 'advance' | 'end'>;
  /** How long an error is held back, and so how long a request may wait before it is refused. */
  busyHoldMillis: number;
  now: () => Date;
}

/** Parts of every call of a connector. */
export interface ConnectorCall<Connector> {
  connector: Connector;
  /** Key of the connector's API. It is sent only to configured addresses. */
  key: string | undefined;
  /** Key of the management API, for connectors whose callbacks have another one. */
  managementKey?: string | undefined;
  /** Secret of the OAuth2 client for the management API. */
  managementClientSecret?: string | undefined;
  /** Shared by all calls of the service. */
  accessTokens: AccessTokens;
  timeoutMillis: number;
  dispatcher: Dispatcher;
  /** Removes all secrets of the service; the dialect adds those of this call. */
  redact: Redact;
}

export interface TransferQuery<Connector> extends Omit<ConnectorCall<Connector>, 'redact'> {
  flows: readonly PolledFlow[];
  /** Called for each request to the connector. */
  count?: (result: 'answered' | 'failed') => void;
}
