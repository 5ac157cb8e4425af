import type { Dispatcher } from 'undici';
import type { Config, ConnectorConfig, Secrets } from '../config/config.ts';
import type { Route } from '../http/route.ts';
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
  /** Requests of its connectors: each route reads one, decides with the neutral verbs of `flows`, and owns statuses and repeats. */
  routes(deps: RouteDeps<Connector>): Route[];
  rules(config: Pick<Config, 'http' | 'reconciler'>): DeliveryRules;
  /** One attempt: repeating is the reconciler's. Throws only when `signal` aborts. */
  deliver(delivery: ConnectorCall<Connector> & MessageOfFlow, signal: AbortSignal): Promise<DeliveryAnswer>;
  /** Absent: a request says whenever a transfer ends on the connector's side. */
  polling?: {
    isPossible(connector: Connector): boolean;
    poll(query: TransferQuery<Connector>, signal: AbortSignal): Promise<TransferPoll>;
  };
}

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
