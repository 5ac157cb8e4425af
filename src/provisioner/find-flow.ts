import { readAttempt } from '../flow/attempt.ts';
import { describePhase } from '../flow/describe-flow.ts';
import { readFlow, type Flow } from '../flow/flow.ts';
import { flowLabel } from '../flow/labels.ts';
import { wasTaken } from '../flow/told.ts';
import type { FlowRecord } from '../flow/record.ts';
import type { FlowView } from './flow-service.ts';
import type { Provisioner } from './provisioner.ts';
import { readRecord } from './stored-record.ts';

export type FoundFlow = FlowView & { content: string };

/** The Job by its name, else what the record says of it; never the reconciler's cache, which only one replica has. */
export async function findFlow(
  deps: Provisioner,
  name: string,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const job = await deps.cluster.jobs.get(name, signal);
  const flow = job === undefined ? undefined : readFlow(job);
  if (flow !== undefined) return await viewOfFlow(deps, flow, signal);
  return await findRecord(deps, name, signal);
}

/** Of a flow whose Job is gone. */
export async function findRecord(
  deps: Provisioner,
  name: string,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const record = await readRecord(deps.store, name, signal);
  return record === undefined ? undefined : viewOfRecord(record);
}

async function viewOfFlow(deps: Provisioner, flow: Flow, signal: AbortSignal): Promise<FoundFlow> {
  // Pods matter to somebody only between the start and the outcome.
  const underWay = flow.startedAt !== undefined && flow.outcome === undefined;
  const pods = underWay
    ? (await deps.cluster.pods.list({ labelSelector: `${flowLabel}=${flow.name}`, limit: 10 }, signal)).items
    : [];
  return {
    flow: flow.name,
    request: flow.request,
    plan: flow.plan,
    content: flow.content,
    ...describePhase(flow, pods.map(readAttempt)),
    ...(flow.outcome === undefined ? {} : { outcome: flow.outcome }),
    told: wasTaken(flow.told),
    deprovisioned: flow.deprovisionAskedAt !== undefined,
  };
}

function viewOfRecord(record: FlowRecord): FoundFlow {
  return {
    flow: record.flow,
    request: record.request,
    plan: record.plan,
    content: record.content,
    phase: 'ended',
    outcome: record.outcome,
    // The Job is forgotten only long after its end: whoever asks now is not waiting for a callback.
    told: true,
    deprovisioned: (record.deprovisionAskedAt ?? record.resultsDeletedAt) !== undefined,
  };
}
