import type { Attempt } from '../attempt.ts';
import { describePhase, type FlowPhase } from '../describe-flow.ts';
import type { Flow } from '../flow.ts';
import type { PendingCause } from './pending-cause.ts';
import { findDiagnosis, isSuspendedByQueue } from './watch-pending.ts';

/** A flow and its pods, as last observed. */
export interface FlowWithAttempts {
  flow: Flow;
  attempts: Attempt[];
}

/** A pending cause, or the step for which a flow waits that nothing in the cluster blocks. */
export type WaitCause = PendingCause | 'preparation' | 'suspended' | 'start' | 'callback' | 'record';

export interface Waiting {
  count: number;
  /** The first ones. */
  examples: { flow: string; message: string }[];
}

export interface FlowSummary {
  open: number;
  phases: Partial<Record<FlowPhase, number>>;
  waiting: Partial<Record<WaitCause, Waiting>>;
}

const mostExamples = 2;
const messageLength = 300;

/** The phases of the open flows, and what the waiting ones wait for. The size of the answer is bounded. */
export function summariseWaiting(flows: Iterable<FlowWithAttempts>, now: number): FlowSummary {
  const summary: FlowSummary = { open: 0, phases: {}, waiting: {} };
  for (const observed of flows) {
    const { phase } = describePhase(observed.flow, observed.attempts);
    summary.open += 1;
    summary.phases[phase] = (summary.phases[phase] ?? 0) + 1;
    const found = findWait(observed, phase, now);
    if (found === undefined) continue;
    const [cause, message] = found;
    const waiting = (summary.waiting[cause] ??= { count: 0, examples: [] });
    waiting.count += 1;
    if (waiting.examples.length < mostExamples)
      waiting.examples.push({ flow: observed.flow.name, message: message.slice(0, messageLength) });
  }
  return summary;
}

/** The cause alone. */
export function findWaitCause(
  observed: FlowWithAttempts,
  phase: FlowPhase,
  now: number,
): WaitCause | undefined {
  return findWait(observed, phase, now)?.[0];
}

function findWait(
  { flow, attempts }: FlowWithAttempts,
  phase: FlowPhase,
  now: number,
): [WaitCause, string] | undefined {
  switch (phase) {
    case 'accepted':
      return ['preparation', 'credentials and configuration of its pod are not created yet'];
    case 'pending':
      return findPending({ flow, attempts }, now);
    case 'delivering':
      return ['callback', `${flow.request.connector} has not taken its outcome yet`];
    case 'ended':
      return flow.state === 'unrecorded' ? ['record', 'its record is not in the bucket yet'] : undefined;
    case 'running':
    case 'uploading':
    case 'judging':
    case 'receiving':
      return undefined;
    default:
      return phase satisfies never;
  }
}

function findPending({ flow, attempts }: FlowWithAttempts, now: number): [WaitCause, string] {
  if (isSuspendedByQueue(flow))
    return ['suspended', 'the Job is suspended: a queue, or somebody, has to resume it'];
  const diagnosis = findDiagnosis({ flow, attempts, now });
  return diagnosis === undefined
    ? ['start', 'its pod has not started yet, and nothing is known to block it']
    : [diagnosis.cause, diagnosis.message];
}
