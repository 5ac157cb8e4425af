import type { Flow } from '../flow/flow.ts';

/** Holds callbacks back so that the answer to a request goes first. The rule and its reasons: README.md in this folder. */
export interface CallbackHold {
  /** Starts the hold of a flow, or of a repeat of its request, that is not known yet. */
  observe(flow: KnownFlow): void;
  /** The same with the longer hold, for a flow that may be from before this replica led. */
  takeOver(flow: KnownFlow): void;
  /** Milliseconds until a flow's outcome may be delivered; 0 if it may be delivered now. */
  remaining(flow: KnownFlow): number;
  remove(name: string): void;
}

type KnownFlow = Pick<Flow, 'name' | 'uid' | 'lastRequestAt' | 'request'>;

export interface HoldTimes {
  /** By the rules of the flow's dialect. */
  holdMillis: (flow: Pick<Flow, 'request'>) => number;
  takeoverHoldMillis: number;
}

/** Keeps one entry per flow in this replica's cache, which reports what it adds and removes. */
export function createCallbackHold(
  { holdMillis, takeoverHoldMillis }: HoldTimes,
  monotonic: () => number = () => performance.now(),
): CallbackHold {
  const known = new Map<string, { uid: string; lastRequestAt: string | undefined; until: number }>();
  function entryOf({ name, uid, lastRequestAt }: KnownFlow) {
    const entry = known.get(name);
    return entry?.uid === uid && entry.lastRequestAt === lastRequestAt ? entry : undefined;
  }
  function hold(flow: KnownFlow, millis: number): void {
    const { name, uid, lastRequestAt } = flow;
    if (entryOf(flow) === undefined) known.set(name, { uid, lastRequestAt, until: monotonic() + millis });
  }
  return {
    observe: (flow) => {
      hold(flow, holdMillis(flow));
    },
    takeOver: (flow) => {
      hold(flow, Math.max(holdMillis(flow), takeoverHoldMillis));
    },
    remaining(flow) {
      const entry = entryOf(flow);
      return entry === undefined ? holdMillis(flow) : Math.max(0, entry.until - monotonic());
    },
    remove: (name) => {
      known.delete(name);
    },
  };
}
