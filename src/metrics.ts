import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Few, and none labelled with a flow's id, since each label value is a time series of its own. */
export interface Metrics {
  registry: Registry;
  httpSeconds: Histogram<'method' | 'route' | 'status'>;
  httpDeadlines: Counter;
  /** `reason` is empty for a success. */
  outcomes: Counter<'template' | 'phase' | 'reason'>;
  deliveries: Counter<'connector' | 'result'>;
  transferPolls: Counter<'connector' | 'result'>;
  registrations: Counter<'connector' | 'result'>;
  reconciles: Counter<'result'>;
  openFlows: Gauge;
  leading: Gauge;
}

export function createMetrics({ processMetrics = true }: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });
  function counter<Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers });
  }
  function gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers });
  }
  return {
    registry,
    httpSeconds: new Histogram({
      name: 'edc_jp_http_request_seconds',
      help: 'Time from a request’s head to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 3, 10],
      registers,
    }),
    httpDeadlines: counter(
      'edc_jp_http_deadlines_total',
      'Requests whose socket was destroyed because no answer was sent in time',
    ),
    outcomes: counter('edc_jp_outcomes_total', 'Flows that ended', 'template', 'phase', 'reason'),
    deliveries: counter(
      'edc_jp_deliveries_total',
      'Attempts at delivering an outcome to a connector',
      'connector',
      'result',
    ),
    transferPolls: counter(
      'edc_jp_transfer_polls_total',
      'Queries of a connector’s management API about the transfers of flows under way',
      'connector',
      'result',
    ),
    registrations: counter(
      'edc_jp_registrations_total',
      'Requests that register this service at a connector',
      'connector',
      'result',
    ),
    reconciles: counter('edc_jp_reconciles_total', 'Steps of the reconciler', 'result'),
    openFlows: gauge('edc_jp_open_flows', 'Flows that are not closed, in the cache of this replica'),
    leading: gauge('edc_jp_leading', '1 on the replica that holds the Lease'),
  };
}
