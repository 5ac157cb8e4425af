import type { Dispatcher } from 'undici';
import type { Config, Secrets } from '../config/config.ts';
import { announceOutcome } from './control-plane/deliver.ts';
import { pollTransfers } from './control-plane/poll-transfers.ts';
import { ServiceError } from '../errors.ts';
import type { DataAddress } from '../flow/data-address.ts';
import type { Flow } from '../flow/flow.ts';
import type { Metrics } from '../metrics.ts';
import type { PollTransfers } from '../reconciler/poll-transfers.ts';
import { createRedactor, listSecrets } from '../redact-secrets.ts';

interface ConnectorCalls {
  config: Config;
  secrets: Secrets;
  dispatcher: Dispatcher;
  metrics: Metrics;
}

/** What the reconciler asks of connectors, bound to their settings and secrets. */
export function connectorCalls(calls: ConnectorCalls) {
  return { announce: announceTo(calls), transfers: transfersOf(calls) };
}

function announceTo({ config, secrets, dispatcher, metrics }: ConnectorCalls) {
  const redact = createRedactor(listSecrets(secrets));
  return async function announce(
    { name: flow, request, outcome, terminateInstead }: Flow,
    address: DataAddress | undefined,
    signal: AbortSignal,
  ) {
    const connector = config.connectors.find(({ name }) => name === request.connector);
    if (connector === undefined || outcome === undefined) {
      throw new ServiceError(
        'unknown-connector',
        `${flow} has an outcome for "${request.connector}", which is not configured any more.`,
      );
    }
    const key = secrets.connectors[connector.name]?.key;
    const timeoutMillis = config.reconciler.deliveryTimeoutMillis;
    const delivery = await announceOutcome(
      {
        connector,
        key,
        flow,
        request,
        outcome,
        terminateInstead,
        address,
        timeoutMillis,
        dispatcher,
        redact,
      },
      signal,
    );
    metrics.deliveries.inc({ connector: connector.name, result: delivery.result });
    return delivery;
  };
}

function transfersOf({ config, secrets, dispatcher, metrics }: ConnectorCalls): PollTransfers {
  return async function poll(name, flows, signal) {
    const connector = config.connectors.find((one) => one.name === name);
    if (connector === undefined) throw new ServiceError('unknown-connector', `"${name}" is not configured.`);
    return await pollTransfers(
      {
        connector,
        key: secrets.connectors[name]?.key,
        flows,
        timeoutMillis: config.reconciler.deliveryTimeoutMillis,
        dispatcher,
        count: (result) => {
          metrics.transferPolls.inc({ connector: name, result });
        },
      },
      signal,
    );
  };
}
