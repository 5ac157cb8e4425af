import { secretsBeforeJob } from '../../cluster-objects/prepare-flow.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOutOfReach, isServiceError } from '../../errors.ts';
import { annotation } from '../../flow/annotations.ts';
import { cleanupKey } from '../../flow/keys.ts';
import { readFlow, type Flow } from '../../flow/flow.ts';
import { flowLabel, managedBy, managedByLabel, stateLabel, usedAtAnnotation } from '../../flow/labels.ts';
import { retentionEnd } from '../../flow/record.ts';
import { listAll } from '../../kubernetes/resource-client.ts';
import type { Job, Secret } from '../../kubernetes/types.ts';
import type { Reconciler } from '../reconciler.ts';
import { sweepFiles } from './sweep-files.ts';
import { sweepInboxes } from './sweep-inboxes.ts';
import { removeObjects } from '../steps/delete-results.ts';
import { isPastRetention, writeFlowRecord } from '../steps/record-flow.ts';
import { sweepBucket } from './sweep-bucket.ts';
import { sweepUploads } from './sweep-uploads.ts';

/** At intervals, on the leading replica. */
export async function sweepUntilAborted(deps: Reconciler, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweep(deps, signal);
    await sleep(deps.config.reconciler.sweepSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

/** Deletes results, tombstones and orphans whose time is over. Holds one page in memory at a time; the next sweep retries a failure. */
export async function sweep(deps: Reconciler, signal: AbortSignal): Promise<void> {
  for (const part of [sweepTombstones, sweepBucket, sweepUploads, sweepOrphans, sweepFiles, sweepInboxes]) {
    try {
      await part(deps, signal);
    } catch (error) {
      deps.log.warn({ err: error }, 'sweep failed');
    }
  }
}

async function sweepTombstones(deps: Reconciler, signal: AbortSignal): Promise<void> {
  for await (const job of listAll(deps.cluster.jobs, `${flowLabel},${stateLabel}=closed`, signal)) {
    try {
      const flow = readFlow(job);
      if (flow !== undefined) await sweepTombstone(deps, flow, signal);
    } catch (error) {
      // If the API server or the store is out of reach, no other flow can be swept either.
      if (isOutOfReach(error)) throw error;
      deps.log.warn(
        { err: error, job: job.metadata?.name },
        'closed flow not swept, tried again by the next sweep',
      );
    }
  }
}

/** Deletes the results, and a day later the tombstone that answered repeats. */
async function sweepTombstone(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<void> {
  const now = deps.now();
  if (flow.resultsDeletedAt === undefined) {
    if (isPastRetention(flow, now)) await expireResults(deps, flow, signal);
    return;
  }
  const end = Date.parse(flow.resultsDeletedAt) + deps.config.reconciler.tombstoneSeconds * 1000;
  if (now.getTime() < end) return;
  await deps.cluster.jobs.delete(
    flow.name,
    { propagationPolicy: 'Background', preconditions: { uid: flow.uid } },
    signal,
  );
}

async function expireResults(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<void> {
  const resultsDeletedAt = deps.now().toISOString();
  const { store } = deps;
  await removeObjects({ store, flow: flow.name }, signal);
  try {
    await writeFlowRecord({ store, flow: { ...flow, resultsDeletedAt }, at: resultsDeletedAt }, signal);
    await store.remove([cleanupKey({ flow: flow.name, due: retentionEnd(flow) })], signal);
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
  }
  const annotations = { [annotation.resultsDeletedAt]: resultsDeletedAt };
  await deps.cluster.jobs.patch(flow.name, { metadata: { annotations } }, signal);
}

/** A Secret with parameters is written before its Job. If the Job was not created, or for another asset, the Secret has no owner. */
async function sweepOrphans({ cluster, config, now }: Reconciler, signal: AbortSignal): Promise<void> {
  const usedBefore = now().getTime() - config.reconciler.orphanSeconds * 1000;
  const selector = `${flowLabel},${managedByLabel}=${managedBy}`;
  for await (const secret of listAll(cluster.secrets, selector, signal)) {
    if (!isOldAndUnowned(secret, usedBefore)) continue;
    const { name = '', labels } = secret.metadata ?? {};
    const job = await cluster.jobs.get(labels?.[flowLabel] ?? '', signal);
    if (job === undefined || !mayWant(job, name)) await deleteUnlessUsed(cluster, secret, signal);
  }
}

async function deleteUnlessUsed(
  { secrets }: Reconciler['cluster'],
  { metadata }: Secret,
  signal: AbortSignal,
): Promise<void> {
  const { name = '', uid = '', resourceVersion = '' } = metadata ?? {};
  try {
    await secrets.delete(name, { preconditions: { uid, resourceVersion } }, signal);
  } catch (error) {
    // A repeat of its request has just marked it as used.
    if (!isServiceError(error, 'cluster-conflict')) throw error;
  }
}

/** Before its preparation a Job does not own its Secrets yet. If the Job cannot be read, the Secret is kept. */
function mayWant(job: Job, secret: string): boolean {
  try {
    const flow = readFlow(job);
    return flow !== undefined && secretsBeforeJob(flow).includes(secret);
  } catch {
    return true;
  }
}

function isOldAndUnowned({ metadata }: Secret, usedBefore: number): boolean {
  const owners = metadata?.ownerReferences ?? [];
  const used = metadata?.annotations?.[usedAtAnnotation] ?? metadata?.creationTimestamp ?? '';
  return owners.length === 0 && Date.parse(used) < usedBefore;
}
