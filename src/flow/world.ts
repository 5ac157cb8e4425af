import type { Attempt } from './attempt.ts';
import type { Flow } from './flow.ts';

/** What decisions are made from: the Job, its pods whose evidence is still held, and the time in milliseconds. */
export interface World {
  flow: Flow;
  attempts: Attempt[];
  now: number;
}
