import { readAttempt, type Attempt } from '../flow/attempt.ts';
import { describePhase } from '../flow/describe-flow.ts';
import { isFinal, isUnderWay, wasTaken } from '../flow/delivery.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { flowLabel } from '../flow/labels.ts';
import type { FlowRecord } from '../flow/record.ts';
import type { FlowView, FoundFlow } from './flow-service.ts';
import type { RequestDependencies } from './dependencies.ts';
import { readRecord } from './stored-record.ts';

/** The open flows as this replica has observed them; no cache while it does not follow the cluster. */
export interface ObservedFlows {
  current(): { flow(name: string): Flow | undefined; attempts(flow: string): Attempt[] } | undefined;
}

/**
 * From this replica's cache, which may be a moment behind, else the Job by its name, else what the record says of it: a flow that was
 * accepted just now, or is closed, is in no cache.
 */
export async function viewFlow(
  { observed, ...deps }: RequestDependencies & { observed: ObservedFlows },
  name: string,
  signal: AbortSignal,
): Promise<FlowView | undefined> {
  const cache = observed.current();
  const known = cache?.flow(name);
  if (cache !== undefined && known !== undefined) return viewOfFlow(known, cache.attempts(name));
  const job = await deps.cluster.jobs.get(name, signal);
  const flow = job === undefined ? undefined : readFlow(job);
  if (flow !== undefined) return viewOfFlow(flow, await listAttempts(deps, flow, signal));
  const record = await readRecord(deps.store, name, signal);
  return record && viewOfRecord(record);
}

/** What a request's answer is decided from: never the cache, and without pods. One request for a flow that has a Job. */
export async function findFlow(
  deps: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const found = await findJob(deps, name, signal);
  if (found !== undefined) return found;
  const record = await readRecord(deps.store, name, signal);
  return record && { ...viewOfRecord(record), delivering: false, over: true, lastRequestAt: undefined };
}

/** Undefined without a Job, whatever its record says. */
export async function findJob(
  { cluster }: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const job = await cluster.jobs.get(name, signal);
  const flow = job && readFlow(job);
  return flow && foundFlow(flow);
}

export function foundFlow({ request, delivery, lastRequestAt, deprovisionAskedAt }: Flow): FoundFlow {
  return {
    request,
    delivering: isUnderWay(delivery),
    delivered: wasTaken(delivery),
    over: isFinal(delivery),
    deprovisioned: deprovisionAskedAt !== undefined,
    lastRequestAt,
  };
}

/** Pods matter to somebody only between the start and the outcome. */
async function listAttempts(
  { cluster }: RequestDependencies,
  flow: Flow,
  signal: AbortSignal,
): Promise<Attempt[]> {
  if (flow.startedAt === undefined || flow.outcome !== undefined) return [];
  const { items } = await cluster.pods.list(
    { labelSelector: `${flowLabel}=${flow.name}`, limit: 10 },
    signal,
  );
  return items.map(readAttempt);
}

function viewOfFlow(flow: Flow, attempts: Attempt[]): FlowView {
  return {
    flow: flow.name,
    request: flow.request,
    plan: flow.plan,
    ...describePhase(flow, attempts),
    ...(flow.outcome === undefined ? {} : { outcome: flow.outcome }),
    delivered: wasTaken(flow.delivery),
    deprovisioned: flow.deprovisionAskedAt !== undefined,
  };
}

function viewOfRecord(record: FlowRecord): FlowView {
  return {
    flow: record.flow,
    request: record.request,
    plan: record.plan,
    phase: 'ended',
    outcome: record.outcome,
    // The Job is removed only long after its end: no request that comes now waits for a callback.
    delivered: true,
    deprovisioned: (record.deprovisionAskedAt ?? record.resultsDeletedAt) !== undefined,
  };
}
