import type { TestContext } from 'node:test';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/load-config.ts';
import type { PodLogs } from 'embedded-kubernetes/api';
import type { Attempt } from '../../src/flow/attempt.ts';
import { readFlow, type Flow } from '../../src/flow/flow.ts';
import { rest } from '../../src/flow/flow-request.ts';
import { createMetrics } from '../../src/metrics.ts';
import { reconcileFlow } from '../../src/reconciler/reconcile-flow.ts';
import type { Pushes } from '../../src/reconciler/pushes/pushes.ts';
import { StartQueue } from '../../src/reconciler/start-queue.ts';
import type { Reconciler } from '../../src/reconciler/reconciler.ts';
import { createCallbackHold } from '../../src/answer-first/callback-hold.ts';
import type { Connectors, DeliveryRules } from '../../src/reconciler/types.ts';
import type { PassEnd } from '../../src/reconciler/machinery/work-queue.ts';
import { startTestApi, type TestApi } from './api-server.ts';
import { epoch } from './flow-values.ts';

export interface TestReconciler {
  deps: Reconciler;
  api: TestApi;
  /** Sets the clock to so many seconds after the tests' epoch. */
  setClock: (seconds: number) => void;
  /** As the informer would: what the API server says of the Job now. */
  see: (flow: string) => Promise<Flow>;
}

export interface TestReconcilerOptions {
  store: Reconciler['store'];
  deliver?: Connectors['deliver'];
  rules?: Partial<DeliveryRules>;
  minter?: Reconciler['minter'];
  podLogs?: PodLogs;
  attempts?: () => Attempt[];
  /** Default: none is expected. */
  pushes?: Partial<Pushes>;
}

/** At least once, and a termination for what is refused. */
const patientRules: DeliveryRules = {
  holdMillis: 0,
  lostAttempt: 'repeat',
  onRefusal: 'terminate',
  confirmsDeprovision: false,
};

const noPushes: Pushes = {
  start: unexpected,
  stop: () => Promise.resolve(),
  isRunning: () => false,
  endOf: () => ({ pauseMillis: 0 }),
  remove: () => undefined,
};

/** The reconciler's steps on an API server without controllers; no pods are seen, and nothing happens by itself. */
export async function startTestReconciler(
  t: TestContext,
  { store, deliver, rules, minter, podLogs, attempts, pushes }: TestReconcilerOptions,
): Promise<TestReconciler> {
  const api = await startTestApi(podLogs === undefined ? {} : { podLogs });
  t.after(() => api[Symbol.asyncDispose]());
  const { config, secrets } = testConfig();
  const flows = new Map<string, Flow>();
  let now = epoch;
  const deps: Reconciler = {
    cluster: api.cluster,
    store,
    config,
    secrets,
    now: () => new Date(now),
    callbackHold: createCallbackHold({ holdMillis: () => 0, takeoverHoldMillis: 0 }),
    readAccess: { grant: unexpected },
    minter: minter ?? { lifetimeSeconds: undefined, mint: unexpected },
    events: { about: () => Promise.resolve([]) },
    connectors: {
      rulesOf: ({ dialect }) => (dialect === rest.dialect ? undefined : { ...patientRules, ...rules }),
      deliver: deliver ?? unexpected,
      polled: [],
      poll: unexpected,
    },
    pushes: { ...noPushes, ...pushes },
    logArchive: { save: () => Promise.resolve() },
    startQueue: new StartQueue({ limit: 0, flows: () => flows.values() }),
    metrics: createMetrics({ processMetrics: false }),
    log: pino({ level: 'silent' }),
    cache: cacheOf(flows, attempts),
  };
  return {
    deps,
    api,
    setClock(seconds) {
      now = epoch + seconds * 1000;
    },
    async see(name) {
      const job = await api.cluster.jobs.get(name, AbortSignal.timeout(30_000));
      if (job !== undefined) deps.cache.updateJob(job);
      const flow = flows.get(name);
      if (job === undefined || flow === undefined) throw new Error(`there is no ${name}`);
      return flow;
    },
  };
}

const mostPasses = 10;

/** As the work queue does, passes follow each other while they ask for it at once. */
export async function reconcile(deps: Reconciler, name: string, signal: AbortSignal): Promise<PassEnd> {
  for (let passes = 0; passes < mostPasses; passes += 1) {
    const end = await reconcileFlow(deps, name, signal);
    if (end.requeueAfterMillis !== 0) return end;
  }
  throw new Error(`${name} asked for ${mostPasses} passes in a row`);
}

/** A Job is seen only once `see` or a step has shown it. */
function cacheOf(flows: Map<string, Flow>, attempts: TestReconcilerOptions['attempts']): Reconciler['cache'] {
  return {
    flow: (name) => flows.get(name),
    flows: () => flows.values(),
    attempts: attempts ?? ((): Attempt[] => []),
    updateJob(job) {
      const flow = readFlow(job);
      if (flow !== undefined) flows.set(flow.name, flow);
    },
    updatePod: () => undefined,
    removePod: () => undefined,
  };
}

function unexpected(): never {
  throw new Error('this test expects no such call');
}

function testConfig(): Pick<Reconciler, 'config' | 'secrets'> {
  const env = {
    EDC_JP_STORE_ENDPOINT: 'http://store.test',
    EDC_JP_STORE_BUCKET: 'results',
    STORE_ACCESS_KEY_ID: 'test',
    STORE_SECRET_ACCESS_KEY: 'test-test-test',
    RESULT_KEYS: `test:${'0'.repeat(32)}`,
  };
  return loadConfig({ env });
}
