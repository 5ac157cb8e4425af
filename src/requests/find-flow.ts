import { readAttempt } from '../flow/attempt.ts';
import { describePhase } from '../flow/describe-flow.ts';
import { isFinal, isUnderWay, wasTaken } from '../flow/delivery.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { flowLabel } from '../flow/labels.ts';
import type { FlowRecord } from '../flow/record.ts';
import type { FlowView, FoundFlow } from './flow-service.ts';
import type { Provisioner } from '../cluster-objects/settings.ts';
import { readRecord } from './stored-record.ts';

/** The Job by its name, else what the record says of it; never the reconciler's cache, which only one replica has. */
export async function viewFlow(
  deps: Provisioner,
  name: string,
  signal: AbortSignal,
): Promise<FlowView | undefined> {
  const job = await deps.cluster.jobs.get(name, signal);
  const flow = job === undefined ? undefined : readFlow(job);
  if (flow !== undefined) return await viewOfFlow(deps, flow, signal);
  const record = await readRecord(deps.store, name, signal);
  return record && viewOfRecord(record);
}

/** The same without the flow's pods, which say nothing of how a request is answered: one request for a flow that has a Job. */
export async function findFlow(
  deps: Provisioner,
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
  { cluster }: Provisioner,
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

async function viewOfFlow(deps: Provisioner, flow: Flow, signal: AbortSignal): Promise<FlowView> {
  // Pods matter to somebody only between the start and the outcome.
  const underWay = flow.startedAt !== undefined && flow.outcome === undefined;
  const pods = underWay
    ? (await deps.cluster.pods.list({ labelSelector: `${flowLabel}=${flow.name}`, limit: 10 }, signal)).items
    : [];
  return {
    flow: flow.name,
    request: flow.request,
    plan: flow.plan,
    ...describePhase(flow, pods.map(readAttempt)),
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
    // The Job is forgotten only long after its end: whoever asks now is not waiting for a callback.
    delivered: true,
    deprovisioned: (record.deprovisionAskedAt ?? record.resultsDeletedAt) !== undefined,
  };
}
