import type { Attempt } from './attempt.ts';
import type { Flow } from './flow.ts';

/** Where a flow is, for people and for the request half. */
export type FlowPhase = 'accepted' | 'pending' | 'running' | 'uploading' | 'judging' | 'telling' | 'ended';

export function describePhase(flow: Flow, attempts: Attempt[]): { phase: FlowPhase; detail?: string } {
  if (flow.told !== undefined) return { phase: 'ended' };
  if (flow.outcome !== undefined) return { phase: 'telling' };
  if (flow.startedAt === undefined) return { phase: 'accepted' };
  const live = attempts.find(({ terminal }) => !terminal);
  if (live === undefined)
    return { phase: attempts.length > 0 || flow.attempt !== undefined ? 'judging' : 'pending' };
  if (live.worker.state === 'running') return { phase: 'running' };
  if (live.worker.state === 'ended') return { phase: 'uploading' };
  return { phase: 'pending', ...(live.waiting === undefined ? {} : { detail: live.waiting }) };
}
