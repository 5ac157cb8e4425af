import { hash } from 'node:crypto';
import type { StoredEnvironment } from '../flow/flow-plan.ts';
import { environmentKey } from '../flow/keys.ts';
import { readFlow } from '../flow/flow.ts';
import { usedAtAnnotation } from '../flow/labels.ts';
import { filesConfigMapName, flowName } from '../flow/names.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { explainQuotaWithoutRoom } from '../kubernetes/errors.ts';
import { addIfMissing, patchIfPresent } from '../kubernetes/resource-client.ts';
import type { FlowRequest } from '../flow/flow-request.ts';
import type { RenderedTemplate } from '../template/template.ts';
import type { Acceptance, RequestDependencies, WantedFlow, WantedReceiver } from './flow-service.ts';
import { foundFlow } from './find-flow.ts';
import { buildFlowJob } from '../cluster-objects/job.ts';
import { buildRefusedJob } from '../cluster-objects/refused-job.ts';
import { buildReceiverJob } from '../cluster-objects/receiver-job.ts';
import type { PodSettings } from '../cluster-objects/pod-template.ts';
import type { ReconcilerConfig } from '../config/config.ts';
import type { CreateOnceCache } from './create-once.ts';
import { buildFilesConfigMap } from '../cluster-objects/config-maps.ts';
import { scheduleCleanup } from './stored-record.ts';
import { buildSecrets, writeSecret } from './write-secrets.ts';

/** All annotations of an object share 256 KiB; a larger environment goes to the bucket. */
const inlineEnvironmentBytes = 64 * 1024;

export interface AcceptDependencies extends RequestDependencies {
  config: PodSettings & { reconciler: Pick<ReconcilerConfig, 'orphanSeconds' | 'maxRunning'> };
  /** Objects that need not be written again; absent: each request writes them. */
  files?: CreateOnceCache;
}

/**
 * Creates a flow from a request: first the objects that the Job needs, last the suspended Job. The Job's creation is the commit point. It
 * also shows whether the flow is new, so that a new flow costs one request to the cluster.
 */
export async function acceptFlow(
  deps: AcceptDependencies,
  accepted: WantedFlow | WantedReceiver,
  signal: AbortSignal,
): Promise<Acceptance> {
  const flow = flowName(accepted.request);
  if (!('rendered' in accepted)) {
    const job = buildReceiverJob({ ...accepted, flow, settings: deps.config });
    return await createOrFind(
      deps,
      { flow, create: () => addIfMissing(deps.cluster.jobs, job, signal) },
      signal,
    );
  }
  const environment = serializeEnvironment(accepted.rendered);
  const wanted = { ...accepted, flow, environment };
  const known = writesBeforeJob(deps, wanted) ? await findKnown(deps, flow, signal) : undefined;
  if (known !== undefined) return known;
  return await createOrFind(deps, { flow, create: () => createFlow(deps, wanted, signal) }, signal);
}

/** `create` returns false if the Job exists already. */
async function createOrFind(
  deps: RequestDependencies,
  { flow, create }: { flow: string; create: () => Promise<boolean> },
  signal: AbortSignal,
): Promise<Acceptance> {
  try {
    if (await create()) return { created: true };
    return (await findKnown(deps, flow, signal)) ?? gone(flow);
  } catch (error) {
    return await acceptOverQuota(deps, { flow, error }, signal);
  }
}

/** Creates the Job of a flow that fails without a run. */
export async function refuseFlow(
  deps: AcceptDependencies,
  { request, refused }: { request: FlowRequest; refused: string },
  signal: AbortSignal,
): Promise<Acceptance> {
  const flow = flowName(request);
  const job = buildRefusedJob({ flow, request, refused, settings: deps.config });
  if (await addIfMissing(deps.cluster.jobs, job, signal)) return { created: true };
  return (await findKnown(deps, flow, signal)) ?? gone(flow);
}

/** False if the Job exists already. */
async function createFlow(deps: AcceptDependencies, wanted: NewFlow, signal: AbortSignal): Promise<boolean> {
  const { flow, request, rendered, protocol } = wanted;
  await writeFiles(deps, rendered.template, signal);
  for (const secret of buildSecrets(wanted)) await writeSecret(deps, secret, signal);
  const environment = await storeEnvironment(deps, wanted, signal);
  const job = buildFlowJob({ flow, request, rendered, settings: deps.config }, { environment, protocol });
  return await addIfMissing(deps.cluster.jobs, job, signal);
}

/**
 * The API server checks the quota before the name, so that a repeat also fails: it gets its usual answer. A new flow may be accepted
 * later, unless the quota never has room for it.
 */
async function acceptOverQuota(
  deps: RequestDependencies,
  { flow, error }: { flow: string; error: unknown },
  signal: AbortSignal,
): Promise<Acceptance> {
  if (!isServiceError(error, 'cluster-over-quota')) throw error;
  const known = await findKnown(deps, flow, signal);
  if (known !== undefined) return known;
  throw quotaAllowsNone(error) ?? error;
}

/** Undefined for a quota that may have room later. */
export function quotaAllowsNone(error: ServiceError): ServiceError | undefined {
  const quota = explainQuotaWithoutRoom(error);
  if (quota === undefined) return undefined;
  return new ServiceError(
    'quota-allows-none',
    `the namespace of the Jobs has a ResourceQuota without room for any flow: ${quota}; expected a higher limit`,
    { cause: error },
  );
}

interface NewFlow extends WantedFlow {
  flow: string;
  /** JSON. */
  environment: Buffer;
}

/**
 * Whether a new flow writes objects before its Job. Then an existing flow is looked up first: such a write must not touch it, and a repeat
 * should not cost as much as a new flow.
 */
function writesBeforeJob({ files }: AcceptDependencies, wanted: NewFlow): boolean {
  const { rendered, environment } = wanted;
  const { template } = rendered;
  const writesFiles = hasFiles(template) && files?.has(filesConfigMapName(template.digest)) !== true;
  return writesFiles || buildSecrets(wanted).length > 0 || environment.length > inlineEnvironmentBytes;
}

/** Undefined without a Job of this name. `found` is undefined if the Job is not a flow of this service. */
async function findKnown(
  { cluster }: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<Acceptance | undefined> {
  const job = await cluster.jobs.get(name, signal);
  if (job === undefined) return undefined;
  const flow = readFlow(job);
  return { created: false, found: flow && foundFlow(flow) };
}

function gone(flow: string): never {
  throw new ServiceError('unavailable', `the Job ${flow} was deleted while it was read`);
}

function hasFiles({ files }: RenderedTemplate['template']): boolean {
  return Object.keys(files).length > 0;
}

async function writeFiles(
  deps: AcceptDependencies,
  template: RenderedTemplate['template'],
  signal: AbortSignal,
): Promise<void> {
  if (!hasFiles(template)) return;
  const name = filesConfigMapName(template.digest);
  async function write(): Promise<void> {
    if (await markUsed(deps, name, signal)) return;
    const object = buildFilesConfigMap(template);
    await addIfMissing(deps.cluster.configMaps, object, signal);
  }
  await (deps.files?.once(name, write) ?? write());
}

/** The sweep deletes files that no flow has used for long. False if they do not exist. */
async function markUsed(
  { cluster, now }: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  const annotations = { [usedAtAnnotation]: now().toISOString() };
  return await patchIfPresent(cluster.configMaps, { name, patch: { metadata: { annotations } } }, signal);
}

/** The sweep deletes an environment in the bucket whose Job was never created, as it does a Secret. */
async function storeEnvironment(
  { store, config }: AcceptDependencies,
  { flow, request, rendered, environment }: NewFlow,
  signal: AbortSignal,
): Promise<StoredEnvironment> {
  const stored = placeEnvironment({ flow, request, rendered });
  if (!('key' in stored)) return stored;
  const { key } = stored;
  const due = Date.parse(request.acceptedAt) + config.reconciler.orphanSeconds * 1000;
  await scheduleCleanup(store, { flow, due }, signal);
  await store.put({ key, body: environment, contentType: 'application/json' }, signal);
  return stored;
}

/** Where the environment is kept. */
export function placeEnvironment({
  flow,
  request,
  rendered,
}: Pick<NewFlow, 'flow' | 'request' | 'rendered'>): StoredEnvironment {
  const environment = serializeEnvironment(rendered);
  if (environment.length <= inlineEnvironmentBytes) return { values: rendered.environment };
  return { key: environmentKey(flow, request.acceptedAt), sha256: hash('sha256', environment) };
}

function serializeEnvironment({ environment }: RenderedTemplate): Buffer {
  return Buffer.from(JSON.stringify(environment));
}
