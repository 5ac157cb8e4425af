import type { Attempt } from './attempt.ts';
import { isFinal } from './delivery.ts';
import type { Flow } from './flow.ts';
import { findDiagnosis, findLive, isSuspendedByQueue } from './pending/watch-pending.ts';

/** The phase of a flow, for people and for the request half. */
export type FlowPhase =
  'accepted' | 'pending' | 'running' | 'uploading' | 'judging' | 'receiving' | 'delivering' | 'ended';

export function describePhase(flow: Flow, attempts: Attempt[]): { phase: FlowPhase; detail?: string } {
  if (isFinal(flow.delivery)) return { phase: 'ended' };
  if (flow.outcome !== undefined) return { phase: 'delivering' };
  if (flow.startedAt === undefined) return { phase: phaseBeforeStart(flow) };
  const live = findLive(attempts);
  if (live?.worker.state === 'running') return { phase: 'running' };
  if (live?.worker.state === 'ended') return { phase: 'uploading' };
  if (live === undefined && attempts.length > 0) return { phase: 'judging' };
  return describeWaiting(flow, attempts);
}

/** A Job that receives is never started. */
function phaseBeforeStart({ plan }: Flow): FlowPhase {
  return plan.receives === true ? 'receiving' : 'accepted';
}

function describeWaiting(flow: Flow, attempts: Attempt[]): { phase: FlowPhase; detail?: string } {
  if (isSuspendedByQueue(flow))
    return { phase: 'pending', detail: 'The Job is suspended: a queue, or somebody, has to resume it.' };
  const diagnosis = findDiagnosis({ flow, attempts, now: 0 });
  if (diagnosis !== undefined) return { phase: 'pending', detail: diagnosis.message };
  return { phase: attempts.length === 0 && flow.attempt !== undefined ? 'judging' : 'pending' };
}
