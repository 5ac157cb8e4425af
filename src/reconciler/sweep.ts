import { setTimeout as sleep } from 'node:timers/promises';
import { isServiceError } from '../errors.ts';
import { annotation } from '../flow/annotations.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { flowLabel, managedBy, managedByLabel, stateLabel } from '../flow/labels.ts';
import type { Secret } from '../kubernetes/types.ts';
import type { Reconciler } from './reconciler.ts';
import { removeObjects } from './steps/delete-results.ts';
import { isPastRetention, writeRecord } from './steps/record-flow.ts';

const pageSize = 200;

/** Now and then, on the leading replica: what retention is over for is forgotten. One page of Jobs in memory at a time. */
export async function sweepUntilAborted(deps: Reconciler, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await sweepTombstones(deps, signal);
      await sweepOrphans(deps, signal);
    } catch (error) {
      deps.log.warn({ err: error }, 'The sweep failed; the next one goes on.');
    }
    await sleep(deps.config.reconciler.sweepSeconds * 1000, undefined, { signal }).catch(() => undefined);
  }
}

async function sweepTombstones(deps: Reconciler, signal: AbortSignal): Promise<void> {
  let next: string | undefined;
  do {
    const page = await deps.cluster.jobs.list(
      {
        labelSelector: `${flowLabel},${stateLabel}=closed`,
        limit: pageSize,
        ...(next === undefined ? {} : { continue: next }),
      },
      signal,
    );
    for (const job of page.items) {
      const flow = readFlow(job);
      if (flow !== undefined) await forget(deps, flow, signal);
    }
    next = page.continue;
  } while (next !== undefined);
}

/** First the results, then, a day later, the tombstone that answered repeats. */
async function forget(deps: Reconciler, flow: Flow, signal: AbortSignal): Promise<void> {
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
  await removeObjects(deps.store, flow.name, signal);
  await writeRecord(deps.store, { ...flow, resultsDeletedAt }, resultsDeletedAt, signal).catch(
    (error: unknown) => {
      if (!isServiceError(error, 'bucket-missing')) throw error;
    },
  );
  const annotations = { [annotation.resultsDeletedAt]: resultsDeletedAt };
  await deps.cluster.jobs.patch(flow.name, { metadata: { annotations } }, signal);
}

/** A Secret with parameters is written before its Job; if the Job never came, nobody owns it. */
const orphanAgeMillis = 3600_000;

async function sweepOrphans(deps: Reconciler, signal: AbortSignal): Promise<void> {
  const { items } = await deps.cluster.secrets.list(
    { labelSelector: `${flowLabel},${managedByLabel}=${managedBy}`, limit: pageSize },
    signal,
  );
  for (const secret of items) {
    if (!isOldAndUnowned(secret, deps.now())) continue;
    const job = await deps.cluster.jobs.get(secret.metadata?.labels?.[flowLabel] ?? '', signal);
    if (job === undefined) await deps.cluster.secrets.delete(secret.metadata?.name ?? '', {}, signal);
  }
}

function isOldAndUnowned({ metadata }: Secret, now: Date): boolean {
  const owners = metadata?.ownerReferences ?? [];
  const createdAt = Date.parse(metadata?.creationTimestamp ?? now.toISOString());
  return owners.length === 0 && now.getTime() - createdAt > orphanAgeMillis;
}
