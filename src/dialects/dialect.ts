import type { Dispatcher } from 'undici';
import type { Config, ConnectorConfig, Secrets } from '../config/config.ts';
import type { Route } from '../http/route.ts';
import type { DataAddressKind } from '../flow/flow-plan.ts';
import type { FlowService } from '../requests/flow-service.ts';
import type {
  DeliveryAnswer,
  DeliveryRules,
  MessageOfFlow,
  PolledFlow,
  TransferPoll,
} from '../reconciler/types.ts';
import type { Redact } from '../redact-secrets.ts';
import type { Template } from '../template/template.ts';

/**
 * A connector's wire format: all that knows it stands in the dialect's folder and is reached by this interface alone. Its part of
 * the settings is loaded without the rest and stands in `settings.ts`.
 */
export interface Dialect<Connector extends ConnectorConfig = ConnectorConfig> {
  /** As `connectors[].dialect` and the Jobs have it. */
  name: string;
  /** Its provision requests, if its connectors send them to the paths that such dialects share. */
  requests?: ProvisionRequests;
  /** At paths of its own: each route reads a request, decides with the neutral verbs of `flows`, and owns statuses and repeats. */
  routes?(deps: RouteDeps<Connector>): Route[];
  /** Kinds of data address that its messages can carry; a template with another one is refused at the start. */
  addresses: readonly DataAddressKind[];
  rules(config: Pick<Config, 'http' | 'reconciler'>): DeliveryRules;
  /** One attempt: repeating is the reconciler's. Throws only when `signal` aborts. */
  deliver(delivery: ConnectorCall<Connector> & MessageOfFlow, signal: AbortSignal): Promise<DeliveryAnswer>;
  /** Absent: a request says whenever a transfer ends on the connector's side. */
  polling?: {
    isPossible(connector: Connector): boolean;
    poll(query: TransferQuery<Connector>, signal: AbortSignal): Promise<TransferPoll>;
  };
}

/** How one dialect reads what is posted to the paths `/provision`. */
export interface ProvisionRequests {
  /** Of the body's schema, in the OpenAPI document. */
  name: string;
  schema: object;
  /** Whether a request whose path names no connector is of this dialect. */
  recognizes(body: object): boolean;
  /** Throws `invalid-request`, naming each member that is at fault and what was expected of it. */
  read(body: object, address: RequestAddress): ProvisionMessage;
}

/** What the URL of a request says of the job that is asked for. */
export interface RequestAddress {
  template: string | undefined;
  assetId: string | undefined;
}

export interface ProvisionMessage {
  /** Absent: our own state decides between the two. */
  type?: 'provision' | 'deprovision';
  /** The connector's own, by the names that it has for them. */
  ids: Readonly<Record<string, string>>;
  assetId: string;
  callbackAddress: string;
  consumer?: string;
  policyDigest?: string;
}

/** A connector that is called back says where by each request, and the settings say what it may say. */
export type CalledBack = ConnectorConfig & { callbackPrefix: string };

export interface RouteDeps<Connector> {
  /** Those of this dialect. */
  connectors: readonly Connector[];
  secrets: Secrets['connectors'];
  templates: readonly Template[];
  flows: Pick<FlowService, 'accept' | 'find' | 'recordRepeat' | 'end'>;
  /** For which an error is held back: a request that waits for something need not be refused earlier. */
  busyHoldMillis: number;
  now: () => Date;
}

/** What every call of a connector needs. */
export interface ConnectorCall<Connector> {
  connector: Connector;
  /** Guards the connector's API; it goes nowhere but to configured addresses. */
  key: string | undefined;
  /** The same for the management API of a connector whose callbacks have another one. */
  managementKey?: string | undefined;
  timeoutMillis: number;
  dispatcher: Dispatcher;
  /** Of all secrets of the service; what this call carries is added by the dialect. */
  redact: Redact;
}

export interface TransferQuery<Connector> extends Omit<ConnectorCall<Connector>, 'redact'> {
  flows: readonly PolledFlow[];
  /** Called for each request to the connector. */
  count?: (result: 'answered' | 'failed') => void;
}
