import { hash } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { annotation, readAnnotation, writeAnnotation } from '../flow/annotations.ts';
import { readFlow, type CredentialsLifetime, type Flow } from '../flow/flow.ts';
import { credentialsSecretName, inputUrlsSecretName, sinkSecretName } from '../flow/names.ts';
import type { Cluster } from '../kubernetes/cluster.ts';
import type { Job, KubernetesObject } from '../kubernetes/types.ts';
import { addIfMissing, type ResourceClient } from '../kubernetes/resource-client.ts';
import type { CredentialMinter, FlowGrant, ScopedCredentials } from '../storage/mint-credentials.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { readAuthorities } from './authorities.ts';
import { buildEnvironmentConfigMap } from './config-maps.ts';
import { buildOwnerReference } from './metadata.ts';
import { buildCredentialsSecret, type StoreKeys } from './secrets.ts';

export interface Preparer {
  cluster: Cluster;
  store: ObjectStore;
  minter: CredentialMinter;
  config: { pods: Pick<Config['pods'], 'caFile'> };
  now: () => Date;
}

/**
 * Creates the objects that a suspended Job's pod mounts, owned by the Job, and resumes the Job. Returns the resumed Job. Throws
 * `cluster-conflict` if the Job changed in between, `cluster-refused` if it can never run.
 */
export async function prepareFlow(deps: Preparer, flow: Flow, signal: AbortSignal): Promise<Job> {
  const [job, credentials] = await Promise.all([
    deps.cluster.jobs.get(flow.name, signal),
    mintKeys(deps, flow, signal),
  ]);
  if (job === undefined) throw new ServiceError('cluster-conflict', `the Job ${flow.name} is gone`);
  const owner = { name: flow.name, uid: flow.uid };
  const environment = await loadEnvironment(deps, job, signal);
  await allDone([
    apply(deps.cluster.configMaps, buildEnvironmentConfigMap(flow.name, environment, owner), signal),
    apply(deps.cluster.secrets, buildCredentialsSecret(flow.name, credentials, owner), signal),
    adoptSecrets(deps, flow, signal),
  ]);
  const annotations = {
    [annotation.startedAt]: deps.now().toISOString(),
    ...writeAnnotation(annotation.credentials, lifetimeOf(deps, credentials)),
  };
  return await resumeJob(deps, { flow, job, annotations }, signal);
}

/** Waits for all writes, also after a failure: a late one could overwrite the next attempt's. */
async function allDone(writes: Promise<void>[]): Promise<void> {
  await Promise.allSettled(writes);
  await Promise.all(writes);
}

/** Enough: each retry means that the Job changed between its read and the write, and few clients write on a Job. */
const resumeAttempts = 5;

/**
 * Retries after a conflict without repeating the preparation, since the Job controller writes its first condition at about this time. Throws
 * `cluster-conflict` if the Job was cancelled, deleted or started in between.
 */
async function resumeJob(
  { cluster }: Preparer,
  { flow, job, annotations }: { flow: Flow; job: Job; annotations: Record<string, string> },
  signal: AbortSignal,
): Promise<Job> {
  let current: Job | undefined = job;
  for (let attempt = 1; ; attempt += 1) {
    if (current === undefined || !waitsForPreparation(flow, current))
      throw new ServiceError(
        'cluster-conflict',
        `the Job ${flow.name} was cancelled, deleted or started in between`,
      );
    const metadata = { resourceVersion: current.metadata?.resourceVersion, annotations };
    try {
      return await cluster.jobs.patch(flow.name, { metadata, spec: { suspend: false } }, signal);
    } catch (error) {
      if (!isServiceError(error, 'cluster-conflict') || attempt === resumeAttempts) throw error;
      current = await cluster.jobs.get(flow.name, signal);
    }
  }
}

function waitsForPreparation({ uid }: Flow, job: Job): boolean {
  const now = readFlow(job);
  if (now?.uid !== uid) return false;
  return [now.startedAt, now.outcome, now.deletedAt, now.deprovisionAskedAt, now.cancel].every(
    (end) => end === undefined,
  );
}

/** Writes new keys into the mounted Secret; the running sidecar reads them for its next request. */
export async function renewCredentials(deps: Preparer, flow: Flow, signal: AbortSignal): Promise<Job> {
  const credentials = await mintKeys(deps, flow, signal);
  const { data, stringData } = buildCredentialsSecret(flow.name, credentials, flow);
  await deps.cluster.secrets.patch(credentialsSecretName(flow.name), { data, stringData }, signal);
  const annotations = writeAnnotation(annotation.credentials, lifetimeOf(deps, credentials));
  return await deps.cluster.jobs.patch(
    flow.name,
    { metadata: { resourceVersion: flow.resourceVersion, annotations } },
    signal,
  );
}

async function mintKeys({ minter, config }: Preparer, flow: Flow, signal: AbortSignal): Promise<StoreKeys> {
  const authorities = await readAuthorities(config.pods);
  return { ...(await minter.mint(grantOf(flow), signal)), authorities };
}

function grantOf({ name, plan }: Flow): FlowGrant {
  return { flow: name, inputs: plan.inputs };
}

function lifetimeOf({ now }: Preparer, { expiration }: ScopedCredentials): CredentialsLifetime {
  return { mintedAt: now().toISOString(), ...(expiration === undefined ? {} : { expiration }) };
}

/** Names of the Secrets that were written before the Job. */
export function secretsBeforeJob({
  name,
  plan,
  protocol,
}: Pick<Flow, 'name' | 'plan' | 'protocol'>): string[] {
  const { parametersSecret, inputs = [] } = plan;
  return [
    ...(parametersSecret === undefined ? [] : [parametersSecret]),
    ...(inputs.some((input) => 'host' in input) ? [inputUrlsSecretName(name)] : []),
    ...(protocol?.pushes === true ? [sinkSecretName(name)] : []),
  ];
}

/** Creates the object, or updates the one that a crashed process left behind. */
async function apply<T extends KubernetesObject>(
  client: ResourceClient<T>,
  object: T,
  signal: AbortSignal,
): Promise<void> {
  if (await addIfMissing(client, object, signal)) return;
  await client.patch(object.metadata?.name ?? '', object, signal);
}

/** These Secrets were written before their owner, the Job, existed. */
async function adoptSecrets({ cluster }: Preparer, flow: Flow, signal: AbortSignal): Promise<void> {
  const metadata = { ownerReferences: [buildOwnerReference(flow)] };
  await allDone(
    secretsBeforeJob(flow).map(async (name) => {
      await cluster.secrets.patch(name, { metadata }, signal);
    }),
  );
}

/** More than any environment: a ConfigMap holds 1 MiB at most. */
const environmentLimitBytes = 16 * 1024 * 1024;

async function loadEnvironment(
  { store }: Preparer,
  job: Job,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const stored = readAnnotation(job.metadata?.annotations ?? {}, annotation.environment);
  if (stored === undefined)
    throw new ServiceError('cluster-refused', `the Job's annotation ${annotation.environment} is gone`);
  if ('values' in stored) return stored.values;
  const { bytes } = (await store.read(stored.key, environmentLimitBytes, signal)) ?? {};
  if (bytes === undefined)
    throw new ServiceError('object-missing', `${stored.key} is gone, or larger than an environment can be`);
  if (hash('sha256', bytes, 'hex') !== stored.sha256)
    throw new ServiceError(
      'cluster-refused',
      `${stored.key} has another sha256 than the accepted environment`,
    );
  return JSON.parse(bytes.toString('utf8')) as Record<string, string>;
}
