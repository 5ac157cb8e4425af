import { sidecarContainer } from '../../src/flow/attempt.ts';
import type { SidecarReport } from '../../src/flow/sidecar-report.ts';
import { flowLabel } from '../../src/flow/labels.ts';
import { connectCluster } from '../../src/kubernetes/cluster.ts';
import { connect, type Connection } from '../../src/kubernetes/connection.ts';
import type { Pod } from '../../src/kubernetes/types.ts';
import { createLogger } from '../../src/log.ts';
import { startInformer } from '../../src/reconciler/machinery/informer.ts';
import { startWorkQueue, type WorkQueue } from '../../src/reconciler/machinery/work-queue.ts';
import { createObjectStore } from '../../src/storage/minio-store.ts';
import type { ObjectStore } from '../../src/storage/object-store.ts';
import type { Servers } from './servers.ts';
import { storeResults } from './stand-in-results.ts';

export interface StandInOptions {
  /** Path; an administrator's. */
  kubeconfig: string;
  namespace: string;
  bucket: string;
  s3: Pick<Servers['s3'], 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>;
  /** What a flow's worker writes, path → content. */
  files: (flow: string) => Readonly<Record<string, string>>;
  /** Pods that are ended at once; default 16. */
  concurrency?: number;
  /** Results are stored when a pod begins to run, not when it ends: all that its end takes then is one request. */
  storeEarly?: boolean;
  /** Awaited when a flow's pod has ended, before another one takes its place. */
  afterEnd?: (flow: string) => Promise<void>;
}

export interface StandInPods extends AsyncDisposable {
  /** Pods that run and wait for `end`. */
  running(): number;
  ended(): number;
  /** From here on a pod that runs is ended, as well as those that run already. */
  end(): void;
}

const backoff = { firstMillis: 200, maxMillis: 5000 };
const timeouts = { requestTimeoutMillis: 60_000 };
const log = createLogger('silent');

/**
 * Plays worker and sidecar of the pods on fake nodes, where nothing runs (template `stand-in`): when such a pod is Running, what
 * the worker would have written and the manifest are put into the store, and its status says what a kubelet would say of it.
 */
export async function startStandInPods(options: StandInOptions): Promise<StandInPods> {
  const { kubeconfig, namespace, bucket, s3 } = options;
  const config = { kubeconfig, namespace, ...timeouts };
  const cluster = await connectCluster(config);
  const connection = await connect(config);
  const storage = createObjectStore(
    { ...s3, publicEndpoint: s3.endpoint, bucket, ...timeouts },
    { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  );
  const standIn = new StandIn({ ...options, connection, store: storage.store });
  const stopping = new AbortController();
  const informer = startInformer<Pod, RunningPod>(
    {
      kind: 'pods',
      client: cluster.pods,
      labelSelector: flowLabel,
      keyOf: ({ metadata }) => metadata?.name ?? '',
      project: readRunning,
      onChange: (name, pod, { gone }) => {
        standIn.see(name, gone ? undefined : pod);
      },
      relistMillis: 600_000,
      backoff,
      log,
    },
    stopping.signal,
  );
  await informer.synced;
  return {
    running: () => standIn.running.size,
    ended: () => standIn.ended,
    end: () => {
      standIn.end();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all([standIn.stop(), informer.ended]);
      storage.destroy();
      await Promise.all([cluster.close(), connection.close()]);
    },
  };
}

type Parts = StandInOptions & { store: ObjectStore; connection: Connection };

class StandIn {
  readonly running = new Map<string, RunningPod>();
  ended = 0;
  readonly #parts: Parts;
  readonly #queue: WorkQueue;
  /** By pod: what its sidecar reports. */
  readonly #reports = new Map<string, SidecarReport>();
  #ending = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { concurrency = 16 } = parts;
    this.#queue = startWorkQueue({ work: (...call) => this.#work(...call), concurrency, backoff, log });
  }

  see(name: string, pod: RunningPod | undefined): void {
    if (pod === undefined) this.running.delete(name);
    else this.running.set(name, pod);
    this.#queue.add(name);
  }

  end(): void {
    this.#ending = true;
    for (const name of this.running.keys()) this.#queue.add(name);
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  async #work(name: string, signal: AbortSignal): Promise<Record<string, never>> {
    const pod = this.running.get(name);
    if (pod === undefined) return {};
    if (!this.#ending) {
      if (this.#parts.storeEarly === true) await this.#store(pod, signal);
      return {};
    }
    await endPod(this.#parts, { pod, report: await this.#store(pod, signal) }, signal);
    this.#reports.delete(pod.uid);
    if (this.running.delete(name)) this.ended += 1;
    await this.#parts.afterEnd?.(pod.flow);
    return {};
  }

  async #store({ uid, flow }: RunningPod, signal: AbortSignal): Promise<SidecarReport> {
    const { store, files } = this.#parts;
    const known = this.#reports.get(uid);
    const report = known ?? (await storeResults(store, { flow, attempt: uid, files: files(flow) }, signal));
    this.#reports.set(uid, report);
    return report;
  }
}

/** As little as ending it needs: there may be thousands. */
interface RunningPod {
  name: string;
  uid: string;
  resourceVersion: string;
  flow: string;
  containers: NamedImage[];
  initContainers: NamedImage[];
}

interface NamedImage {
  name: string;
  image: string;
}

function readRunning({ metadata = {}, spec, status }: Pod): RunningPod | undefined {
  if (status?.phase !== 'Running' || metadata.deletionTimestamp !== undefined) return undefined;
  return {
    name: String(metadata.name),
    uid: String(metadata.uid),
    resourceVersion: String(metadata.resourceVersion),
    flow: String(metadata.labels?.[flowLabel]),
    containers: namesOf(spec?.containers),
    initContainers: namesOf(spec?.initContainers),
  };
}

function namesOf(containers: { name: string; image?: string }[] = []): NamedImage[] {
  return containers.map(({ name, image = '' }) => ({ name, image }));
}

async function endPod(
  { namespace, connection }: Parts,
  { pod, report }: { pod: RunningPod; report: SidecarReport },
  signal: AbortSignal,
): Promise<void> {
  await connection.json(
    {
      method: 'PATCH',
      path: `/api/v1/namespaces/${namespace}/pods/${pod.name}/status`,
      body: { status: endedStatus(pod, report) },
      contentType: 'application/merge-patch+json',
    },
    signal,
  );
}

function endedStatus(pod: RunningPod, report: SidecarReport): NonNullable<Pod['status']> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  function ended({ name, image }: NamedImage) {
    const message = name === sidecarContainer ? { message: JSON.stringify(report) } : {};
    const terminated = { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now, ...message };
    return { name, image, imageID: '', ready: false, started: false, restartCount: 0, state: { terminated } };
  }
  return {
    phase: 'Succeeded',
    containerStatuses: pod.containers.map(ended),
    initContainerStatuses: pod.initContainers.map(ended),
  };
}
