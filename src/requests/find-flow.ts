import { readAttempt, type Attempt } from '../flow/attempt.ts';
import { describePhase, type FlowPhase } from '../flow/describe-flow.ts';
import { isFinal, isUnderWay, wasTaken } from '../flow/delivery.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { requestedDeletion } from '../flow/deletion.ts';
import { listDeliveries } from '../flow/list-deliveries.ts';
import { findLive } from '../flow/pending/watch-pending.ts';
import { flowLabel } from '../flow/labels.ts';
import { obstacleToReplay } from '../flow/replay.ts';
import type { FlowRecord } from '../flow/record.ts';
import type { FlowView, FoundFlow, RequestDependencies } from './flow-service.ts';
import { readRecord } from './stored-record.ts';

interface ObservedCache {
  flow(name: string): Flow | undefined;
  flows(): Iterable<Flow>;
  attempts(flow: string): Attempt[];
}

/** The cache of this replica: open flows. Undefined while the replica does not follow the cluster. */
export interface ObservedFlows {
  current(): ObservedCache | undefined;
}

export interface Viewing {
  observed: ObservedFlows;
  /** The setting: flows say that they wait for it. Default: none. */
  maxRunning?: number;
}

export interface FlowChanges {
  /** Calls `listener` after each change of the flow in the cache, until the returned function is called. */
  subscribe(flow: string, listener: () => void): () => void;
}

/**
 * Reads this replica's cache, which may be slightly behind, else the Job, else the record: the cache has neither the flows of the last
 * moment nor closed ones.
 */
export async function viewFlow(
  deps: RequestDependencies & Viewing,
  name: string,
  signal: AbortSignal,
): Promise<FlowView | undefined> {
  const cache = deps.observed.current();
  const known = cache?.flow(name);
  if (cache !== undefined && known !== undefined)
    return viewOfFlow(known, cache.attempts(name), deps.maxRunning);
  return await viewLatest(deps, name, signal);
}

/** Reads the Job, else the record: what was written before on any replica is in it. */
export async function viewLatest(
  { maxRunning, ...deps }: RequestDependencies & Viewing,
  name: string,
  signal: AbortSignal,
): Promise<FlowView | undefined> {
  const flow = await getFlow(deps, name, signal);
  if (flow !== undefined) return viewOfFlow(flow, await listAttempts(deps, flow, signal), maxRunning);
  const record = await readRecord(deps.store, name, signal);
  return record && viewOfRecord(record);
}

/** The state that decides the answer to a request. Never from the cache, and without pods: one call if the flow has a Job. */
export async function findFlow(
  deps: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const found = await findJob(deps, name, signal);
  if (found !== undefined) return found;
  const record = await readRecord(deps.store, name, signal);
  return record && foundRecord(record);
}

/** Undefined without a Job, whether or not there is a record. */
export async function findJob(
  deps: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const flow = await getFlow(deps, name, signal);
  return flow && foundFlow(flow);
}

/** The flow as its Job has it now. */
export async function getFlow(
  { cluster }: RequestDependencies,
  name: string,
  signal: AbortSignal,
): Promise<Flow | undefined> {
  const job = await cluster.jobs.get(name, signal);
  return job && readFlow(job);
}

function foundRecord(record: FlowRecord): FoundFlow {
  const { request, plan, outcome, delivered, deprovisioned } = viewOfRecord(record);
  const { protocol } = record;
  return {
    ...{ request, plan, outcome, protocol, delivered, deprovisioned },
    ...{ delivering: false, over: true, lastRequestAt: undefined },
  };
}

export function foundFlow(flow: Flow): FoundFlow {
  const { request, plan, outcome, protocol, delivery, lastRequestAt, deprovisionAskedAt } = flow;
  return {
    ...{ request, plan, outcome, protocol },
    delivering: isUnderWay(delivery),
    delivered: wasTaken(delivery),
    over: isFinal(delivery),
    deprovisioned: deprovisionAskedAt !== undefined,
    lastRequestAt,
  };
}

/** Pods say something about the phase only between the start and the outcome. */
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

export function viewOfFlow(flow: Flow, attempts: Attempt[], maxRunning = 0): FlowView {
  const deletion = requestedDeletion(flow);
  return {
    flow: flow.name,
    request: flow.request,
    plan: flow.plan,
    ...explainTurn(describePhase(flow, attempts), maxRunning),
    position: Math.max(...[flow, ...attempts].map(({ resourceVersion }) => Number(resourceVersion))),
    ...describeLive(flow, attempts),
    ...(flow.startedAt === undefined ? {} : { startedAt: flow.startedAt }),
    ...(flow.attempt === undefined ? {} : { attempt: flow.attempt }),
    ...(flow.outcome === undefined ? {} : { outcome: flow.outcome }),
    deliveries: listDeliveries(flow).map((one) =>
      obstacleToReplay(flow, one.of) === undefined ? { ...one, replayable: true } : one,
    ),
    delivered: wasTaken(flow.delivery),
    deprovisioned: flow.deprovisionAskedAt !== undefined,
    ...(deletion === undefined ? {} : { deletion }),
  };
}

function describeLive(flow: Flow, attempts: Attempt[]): Pick<FlowView, 'liveAttempt'> {
  const live = flow.outcome === undefined ? findLive(attempts) : undefined;
  return live === undefined || live.worker.state === 'waiting' ? {} : { liveAttempt: live.id };
}

function explainTurn<Phase extends { phase: FlowPhase }>(phase: Phase, maxRunning: number): Phase {
  if (phase.phase !== 'accepted' || maxRunning === 0) return phase;
  const jobs = maxRunning === 1 ? 'job runs' : 'jobs run';
  return { ...phase, detail: `It waits for its turn: at most ${maxRunning} ${jobs} at once.` };
}

export function viewOfRecord(record: FlowRecord): FlowView {
  const deletion = requestedDeletion(record);
  return {
    flow: record.flow,
    request: record.request,
    plan: record.plan,
    phase: 'ended',
    ...(record.startedAt === undefined ? {} : { startedAt: record.startedAt }),
    ...(record.attempt === undefined ? {} : { attempt: record.attempt }),
    outcome: record.outcome,
    deliveries: listDeliveries(record),
    // The Job is deleted only long after its end: no later request waits for a callback.
    delivered: true,
    deprovisioned: (record.deprovisionAskedAt ?? record.resultsDeletedAt) !== undefined,
    ...(deletion === undefined ? {} : { deletion }),
  };
}
