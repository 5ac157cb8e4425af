import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Few, and none labelled with a flow's id: each label value is a time series of its own. */
export interface Metrics {
  registry: Registry;
  httpSeconds: Histogram<'method' | 'route' | 'status'>;
  /** Requests whose socket was destroyed, since no answer was sent in time. */
  httpDeadlines: Counter;
  /** `reason` is empty for a success. */
  outcomes: Counter<'template' | 'phase' | 'reason'>;
  /** Counts delivery attempts. */
  deliveries: Counter<'connector' | 'result'>;
  /** Counts queries about the transfers of flows under way. */
  transferPolls: Counter<'connector' | 'result'>;
  reconciles: Counter<'result'>;
  /** On every replica: the same number, when their watches are not behind. */
  openFlows: Gauge;
  /** 1 on the replica that reconciles. */
  leading: Gauge;
}

export function createMetrics({ processMetrics = true }: { processMetrics?: boolean } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });
  return {
    registry,
    httpSeconds: new Histogram({
      name: 'edc_jp_http_request_seconds',
      help: 'Time from a request’s head to the end of its answer',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 3, 10],
      registers,
    }),
    httpDeadlines: new Counter({
      name: 'edc_jp_http_deadlines_total',
      help: 'Requests whose socket was destroyed because no answer was out in time',
      registers,
    }),
    outcomes: new Counter({
      name: 'edc_jp_outcomes_total',
      help: 'Flows that ended',
      labelNames: ['template', 'phase', 'reason'],
      registers,
    }),
    deliveries: new Counter({
      name: 'edc_jp_deliveries_total',
      help: 'Attempts at delivering an outcome to a connector',
      labelNames: ['connector', 'result'],
      registers,
    }),
    transferPolls: new Counter({
      name: 'edc_jp_transfer_polls_total',
      help: 'Queries of a connector’s management API about the transfers of flows under way',
      labelNames: ['connector', 'result'],
      registers,
    }),
    reconciles: new Counter({
      name: 'edc_jp_reconciles_total',
      help: 'Steps of the reconciler',
      labelNames: ['result'],
      registers,
    }),
    openFlows: new Gauge({
      name: 'edc_jp_open_flows',
      help: 'Flows that are not closed, in the cache of this replica',
      registers,
    }),
    leading: new Gauge({ name: 'edc_jp_leading', help: '1 where the Lease is held', registers }),
  };
}
