import type { Flow } from '../flow/flow.ts';

/**
 * The callback hold: a callback that overtakes the answer to its request gives the consumer wrong bytes. Nothing is delivered
 * before *this process* has known the flow, and the last repeat of its request, for the time that an answer may take plus a margin, on
 * a clock that nobody sets back.
 */
export interface CallbackHold {
  /** Starts the hold of a flow, or of a repeat of its request, that was not known yet. */
  observe(flow: KnownFlow): void;
  /** The same for a flow from before this replica led: its connector may have been cut off, and repeats its request only after a while. */
  takeOver(flow: KnownFlow): void;
  /** Milliseconds until a flow's outcome may be delivered, 0 if now. */
  remaining(flow: KnownFlow): number;
  forget(name: string): void;
  /** Forgets the flows that ended while another replica led: nothing else says so to this one. */
  keepOnly(names: ReadonlySet<string>): void;
}

type KnownFlow = Pick<Flow, 'name' | 'uid' | 'lastRequestAt' | 'request'>;

export interface HoldTimes {
  /** As the dialect of the flow's connector has it. */
  holdMillis: (flow: Pick<Flow, 'request'>) => number;
  takeoverHoldMillis: number;
}

/** Holds one entry per flow that is observed and not forgotten: as many as the leader's cache, which reports both. */
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
    forget: (name) => {
      known.delete(name);
    },
    keepOnly(names) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    },
  };
}
