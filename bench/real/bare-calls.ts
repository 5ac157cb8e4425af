import { readFile } from 'node:fs/promises';
import { request } from 'undici';
import { loadConfig } from '../../src/config/load-config.ts';
import type { Config } from '../../src/config/config.ts';
import { annotation } from '../../src/flow/annotations.ts';
import { cleanupKey, manifestKey, recordIndexKey, recordKey } from '../../src/flow/keys.ts';
import { evidenceFinalizer, evidenceLabel, flowLabel, stateLabel } from '../../src/flow/labels.ts';
import type { SidecarReport } from '../../src/flow/sidecar-report.ts';
import { connectCluster, type Cluster } from '../../src/kubernetes/cluster.ts';
import type { Job, Pod } from '../../src/kubernetes/types.ts';
import { buildCredentialsSecret } from '../../src/cluster-objects/secrets.ts';
import { buildEnvironmentConfigMap } from '../../src/cluster-objects/config-maps.ts';
import { fileKey, maxManifestBytes } from '../../src/result/manifest.ts';
import { createCredentialMinter, type CredentialMinter } from '../../src/storage/mint-credentials.ts';
import { createObjectStore } from '../../src/storage/minio-store.ts';
import type { ObjectInfo, ObjectStore } from '../../src/storage/object-store.ts';

export interface BareClients {
  config: Config;
  cluster: Cluster;
  store: ObjectStore;
  minter: CredentialMinter;
  close(): Promise<void>;
}

/** Opens the service's own clients with its settings and keys. */
export async function openClients(file: string, env: NodeJS.ProcessEnv): Promise<BareClients> {
  const { config, secrets } = loadConfig({ env, file });
  const cluster = await connectCluster(config.cluster);
  const storage = createObjectStore(config.store, secrets.store);
  return {
    config,
    cluster,
    store: storage.store,
    minter: createCredentialMinter(config.store, secrets.store),
    async close() {
      storage.destroy();
      await cluster.close();
    },
  };
}

const signal = AbortSignal.timeout(3_600_000);

/** Makes the service's calls to cluster and store that start an accepted flow, in the same order. */
export async function startFlow({ cluster, minter }: BareClients, flow: string): Promise<void> {
  const [job, credentials] = await Promise.all([
    cluster.jobs.get(flow, signal),
    minter.mint({ flow }, signal),
  ]);
  const owner = { name: flow, uid: job?.metadata?.uid ?? '' };
  await Promise.all([
    cluster.configMaps.add(buildEnvironmentConfigMap(flow, {}, owner), signal),
    cluster.secrets.add(buildCredentialsSecret(flow, credentials, owner), signal),
  ]);
  const minted = JSON.stringify({ mintedAt: now(), expiration: credentials.expiration });
  const annotations = { [annotation.startedAt]: now(), [annotation.credentials]: minted };
  await cluster.jobs.patch(flow, { metadata: { annotations }, spec: { suspend: false } }, signal);
}

/**
 * Makes the service's calls to cluster, store and connector for a pod that succeeded, in the same order: five up to the
 * callback, the two to the store at once (src/reconciler/steps/).
 */
export async function endFlow(clients: BareClients, pod: Pod): Promise<void> {
  const { cluster } = clients;
  const flow = pod.metadata?.labels?.[flowLabel] ?? '';
  const attempt = pod.metadata?.uid ?? '';
  const report = reportOf(pod);
  await annotate(cluster, flow, { [annotation.attempt]: JSON.stringify({ attempt, report, at: now() }) });
  const [listed] = await Promise.all([
    sumOf(clients.store.list(fileKey(flow, attempt, ''), signal)),
    readManifest(clients, flow, attempt),
  ]);
  const outcome = JSON.stringify({ phase: 'succeeded', at: now(), results: report, listed });
  const delivery = JSON.stringify({ attempts: 1, startedAt: now() });
  const job = await annotate(cluster, flow, {
    [annotation.outcome]: outcome,
    [annotation.delivery]: delivery,
  });
  await callBack(job);
  const delivered = { attempts: 1, startedAt: now(), endedAt: now(), result: 'delivered' };
  await annotate(cluster, flow, { [annotation.delivery]: JSON.stringify(delivered) });
  await releasePod(cluster, pod.metadata?.name ?? '');
  await record(clients, job);
}

async function annotate(cluster: Cluster, flow: string, annotations: Record<string, string>): Promise<Job> {
  return await cluster.jobs.patch(flow, { metadata: { annotations } }, signal);
}

async function releasePod(cluster: Cluster, name: string): Promise<void> {
  const pod = await cluster.pods.get(name, signal);
  const finalizers = pod?.metadata?.finalizers?.filter((one) => one !== evidenceFinalizer) ?? [];
  await cluster.pods.patch(name, { metadata: { finalizers, labels: { [evidenceLabel]: null } } }, signal);
}

async function readManifest({ store }: BareClients, flow: string, attempt: string): Promise<void> {
  const object = await store.read(manifestKey(flow, attempt), maxManifestBytes, signal);
  JSON.parse(object?.bytes?.toString('utf8') ?? '{}');
}

async function sumOf(objects: AsyncIterable<ObjectInfo>): Promise<number> {
  let sum = 0;
  for await (const { size } of objects) sum += size;
  return sum;
}

async function callBack(job: Job): Promise<void> {
  const { ids, callbackAddress, assetId } = requestOf(job);
  const id = ids.transferProcessId;
  const { body } = await request(`${callbackAddress}/${id}/provision`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceName: `job-${id}`, assetId }),
  });
  await body.dump();
}

/** The default retention. */
const weekMillis = 7 * 86_400_000;

async function record({ cluster, store }: BareClients, job: Job): Promise<void> {
  const flow = job.metadata?.name ?? '';
  const options = { contentType: 'application/json' };
  await store.put(
    { key: cleanupKey({ flow, due: Date.now() + weekMillis }), body: Buffer.alloc(0), ...options },
    signal,
  );
  await store.put(
    { key: recordKey(flow), body: Buffer.from(JSON.stringify(job.metadata?.annotations)), ...options },
    signal,
  );
  await store.put(
    {
      key: recordIndexKey({ flow, acceptedAt: requestOf(job).acceptedAt }),
      body: Buffer.alloc(0),
      ...options,
    },
    signal,
  );
  await store.abortUploads(`flows/${flow}/`, signal);
  const annotations = { [annotation.recordedAt]: now() };
  const metadata = { annotations, labels: { [stateLabel]: 'closed' }, finalizers: null };
  await cluster.jobs.patch(flow, { metadata }, signal);
}

function requestOf(job: Job): {
  ids: { transferProcessId: string };
  callbackAddress: string;
  assetId: string;
  acceptedAt: string;
} {
  return JSON.parse(job.metadata?.annotations?.[annotation.request] ?? '{}') as ReturnType<typeof requestOf>;
}

function reportOf({ status }: Pod): unknown {
  const message = status?.initContainerStatuses?.[0]?.state?.terminated?.message ?? '{}';
  return (JSON.parse(message) as Extract<SidecarReport, { manifest: unknown }>).manifest;
}

function now(): string {
  return new Date().toISOString();
}

/** Reads the Jobs that a bench wrote for its script. */
export async function readJobs(file: string): Promise<Job[]> {
  return JSON.parse(await readFile(file, 'utf8')) as Job[];
}
