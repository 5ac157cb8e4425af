import type { Flow } from '../flow/flow.ts';

/**
 * The two-second rule: a callback that overtakes the answer to its request gives the consumer wrong bytes. Nothing is delivered
 * before *this process* has known the flow, and its last repeat, for the time that an answer may take plus a margin, on a clock
 * that nobody sets back.
 */
export interface CallbackHold {
  /** From when a flow, or a repeat of its request, is known. */
  know(flow: KnownFlow): void;
  /** Of a flow that was there before this replica led: who asked for it may have been cut off, and asks again only after a while. */
  inherit(flow: KnownFlow): void;
  /** Milliseconds until a flow's outcome may be delivered, 0 if now. */
  remaining(flow: KnownFlow): number;
  forget(name: string): void;
  /** Forgets the flows that ended while another replica led: this one hears of them from nobody. */
  keepOnly(names: ReadonlySet<string>): void;
}

type KnownFlow = Pick<Flow, 'name' | 'uid' | 'lastRequestAt'>;

/** Holds one entry per flow that is `know`n and not forgotten: as many as the leader's cache, which tells it both. */
export function createCallbackHold(
  { callbackHoldMillis, takeoverHoldMillis }: { callbackHoldMillis: number; takeoverHoldMillis: number },
  monotonic: () => number = () => performance.now(),
): CallbackHold {
  const known = new Map<string, Omit<KnownFlow, 'name'> & { until: number }>();
  function entryOf({ name, uid, lastRequestAt }: KnownFlow) {
    const entry = known.get(name);
    return entry?.uid === uid && entry.lastRequestAt === lastRequestAt ? entry : undefined;
  }
  function hold(flow: KnownFlow, millis: number): void {
    const { name, uid, lastRequestAt } = flow;
    if (entryOf(flow) === undefined) known.set(name, { uid, lastRequestAt, until: monotonic() + millis });
  }
  return {
    know: (flow) => {
      hold(flow, callbackHoldMillis);
    },
    inherit: (flow) => {
      hold(flow, Math.max(callbackHoldMillis, takeoverHoldMillis));
    },
    remaining(flow) {
      const entry = entryOf(flow);
      return entry === undefined ? callbackHoldMillis : Math.max(0, entry.until - monotonic());
    },
    forget: (name) => {
      known.delete(name);
    },
    keepOnly(names) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    },
  };
}
