import { totalmem } from 'node:os';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** None is labelled with an id, since each label value is a time series of its own. `docs/operations/metrics.md` lists all of them. */
export type Metrics = ReturnType<typeof buildMetrics> & {
  registry: Registry;
  /** Bound the values of labels: a name that is not configured becomes `other`. */
  labelOf: Record<'template' | 'connector', (name: string) => string>;
  /** Those with a series from the start. */
  connectors: readonly string[];
  /** `refresh` runs before each scrape, to set gauges from what is in memory: it must not wait for anything. */
  beforeScrape(refresh: () => void): void;
  scrape(): Promise<string>;
};

export interface MetricsOptions {
  /** Those of the process, by prom-client. Default: yes. */
  processMetrics?: boolean;
  version?: string;
  /** Those whose names never change while the service runs. */
  templates?: readonly { name: string }[];
  connectors?: readonly { name: string }[];
}

/** From the start, since the rate of a counter misses the first count of a series. */
const deliveryResults = ['delivered', 'obsolete', 'rejected', 'failed', 'unknown'] as const;

export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { processMetrics = true, version = 'unknown', templates = [] } = options;
  const connectors = options.connectors?.map(({ name }) => name) ?? [];
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const metrics = buildMetrics(createBuilder(registry));
  metrics.buildInfo.set({ version, node: process.versions.node }, 1);
  metrics.memoryLimit.set(memoryLimit());
  for (const connector of connectors)
    for (const result of deliveryResults) metrics.deliveries.inc({ connector, result }, 0);
  const refreshes: (() => void)[] = [];
  return {
    ...metrics,
    registry,
    labelOf: {
      template: boundedTo(templates.map(({ name }) => name)),
      connector: boundedTo([...connectors, 'rest']),
    },
    connectors,
    beforeScrape(refresh) {
      refreshes.push(refresh);
    },
    async scrape() {
      for (const refresh of refreshes) refresh();
      return await registry.metrics();
    },
  };
}

type Builder = ReturnType<typeof createBuilder>;

function createBuilder(registry: Registry) {
  const registers = [registry];
  function counter<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
    return new Counter({ name, help, labelNames, registers });
  }
  function gauge<Label extends string = never>(name: string, help: string, labelNames: Label[] = []) {
    return new Gauge({ name, help, labelNames, registers });
  }
  function histogram<Label extends string>(name: string, help: string, more: HistogramParts<Label>) {
    return new Histogram({ name, help, ...more, registers });
  }
  return { counter, gauge, histogram };
}

interface HistogramParts<Label> {
  labelNames: Label[];
  /** Seconds. */
  buckets: number[];
}

function buildMetrics(builder: Builder) {
  return {
    ...buildHttpMetrics(builder),
    ...buildFlowMetrics(builder),
    ...buildFlowGauges(builder),
    ...buildConnectorMetrics(builder),
    ...buildStoreMetrics(builder),
    ...buildServiceMetrics(builder),
  };
}

function buildHttpMetrics({ counter, histogram }: Builder) {
  return {
    httpRequests: counter('http_requests_total', 'Requests; status 0: closed before the answer was sent', [
      'method',
      'route',
      'status',
    ]),
    httpSeconds: histogram(
      'http_request_duration_seconds',
      'Time from a request’s head to the end of its answer',
      { labelNames: ['method', 'route'], buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 3, 10] },
    ),
    httpDeadlines: counter(
      'edc_jp_http_deadlines_total',
      'Requests whose socket was destroyed because no answer was sent in time',
    ),
  };
}

/** Counted by the replica that leads. */
function buildFlowMetrics({ counter, histogram }: Builder) {
  return {
    outcomes: counter('edc_jp_outcomes_total', 'Flows that ended; reason is empty for a success', [
      'template',
      'phase',
      'reason',
    ]),
    stepSeconds: histogram('edc_jp_flow_step_seconds', 'Time that flows spent in a step', {
      labelNames: ['step', 'template'],
      buckets: [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400],
    }),
    resultBytes: counter('edc_jp_result_bytes_total', 'Bytes of the results of flows that succeeded', [
      'template',
    ]),
    reconciles: counter('edc_jp_reconciles_total', 'Steps of the reconciler', ['result']),
  };
}

const ofEachReplica = '; each replica reports what it has in its cache: aggregate with max, not sum';

/** Set from the cache before each scrape. */
function buildFlowGauges({ gauge }: Builder) {
  return {
    flows: gauge('edc_jp_flows', `Flows that are not closed${ofEachReplica}`, [
      'state',
      'template',
      'reason',
    ]),
    queueFlows: gauge('edc_jp_queue_flows', `Accepted flows that have not started${ofEachReplica}`),
    queueOldest: gauge(
      'edc_jp_queue_oldest_seconds',
      `Age of the oldest of them, 0 without one${ofEachReplica}`,
    ),
    overdue: gauge(
      'edc_jp_flow_overdue_seconds',
      `Longest time since the deadline of a flow’s step passed, 0 if none has${ofEachReplica}`,
    ),
    undelivered: gauge(
      'edc_jp_undelivered_flows',
      `Outcomes that their connector has not taken yet${ofEachReplica}`,
      ['connector'],
    ),
    undeliveredOldest: gauge(
      'edc_jp_undelivered_oldest_seconds',
      `Age of the oldest of them, 0 without one${ofEachReplica}`,
      ['connector'],
    ),
  };
}

function buildConnectorMetrics({ counter }: Builder) {
  return {
    deliveries: counter('edc_jp_deliveries_total', 'Attempts at delivering a message to a connector', [
      'connector',
      'result',
    ]),
    transferPolls: counter(
      'edc_jp_transfer_polls_total',
      'Queries of a connector’s management API about the transfers of flows under way',
      ['connector', 'result'],
    ),
    registrations: counter(
      'edc_jp_registrations_total',
      'Requests that register this service at a connector',
      ['connector', 'result'],
    ),
  };
}

function buildStoreMetrics({ counter, histogram }: Builder) {
  return {
    storeSeconds: histogram(
      'edc_jp_store_operation_seconds',
      'Time of the service’s own operations on the store, failed ones included; get: until the first byte',
      { labelNames: ['operation'], buckets: [0.005, 0.02, 0.1, 0.5, 1, 5, 30] },
    ),
    storeErrors: counter(
      'edc_jp_store_errors_total',
      'Operations on the store that failed, by the error’s code',
      ['operation', 'code'],
    ),
    storeBytes: counter('edc_jp_store_bytes_total', 'Bytes of objects that the service sent and received', [
      'direction',
    ]),
  };
}

function buildServiceMetrics({ counter, gauge }: Builder) {
  return {
    leading: gauge('edc_jp_leading', '1 on the replica that holds the Lease'),
    watchRestarts: counter('edc_jp_watch_restarts_total', 'Lists and watches that broke', ['kind']),
    watchSilent: gauge(
      'edc_jp_watch_silent_seconds',
      'Time since this replica heard from the API server; a working watch is heard each minute',
      ['kind'],
    ),
    memoryLimit: gauge('edc_jp_memory_limit_bytes', 'Limit of the container’s memory, 0 without one'),
    buildInfo: gauge('edc_jp_build_info', 'Always 1', ['version', 'node']),
  };
}

/** A limit beyond the machine’s memory is how some kernels say that there is none. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit < totalmem() ? limit : 0;
}

function boundedTo(names: readonly string[]): (name: string) => string {
  const known = new Set(names);
  return (name) => (known.has(name) ? name : 'other');
}
