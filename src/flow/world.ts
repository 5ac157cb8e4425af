import type { Attempt } from './attempt.ts';
import type { Flow } from './flow.ts';
import type { PendingLimits } from './pending-cause.ts';

/** What decisions are made from: the Job, its pods whose evidence is still held, the operator's patience, and the time in milliseconds. */
export interface World {
  flow: Flow;
  attempts: Attempt[];
  pendingLimits: PendingLimits;
  now: number;
}
