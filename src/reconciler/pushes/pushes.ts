import type { Flow } from '../../flow/flow.ts';
import type { PushEnd } from '../../flow/push.ts';

/** Pushes of results, and fetches of data, of this replica. They run beside the work queue, a bounded number at a time, and end with the leadership. */
export interface Pushes {
  /** It starts at once, or when another one has ended. Its end causes a pass over the flow. */
  start(flow: Flow): void;
  /** No byte moves after this. */
  stop(flow: string): Promise<void>;
  isRunning(flow: string): boolean;
  /** `pauseMillis`: after an interruption, until the next attempt may start. */
  endOf(flow: Flow): { end?: PushEnd; pauseMillis: number };
  /** Its end is on the Job. */
  remove(flow: string): void;
}
