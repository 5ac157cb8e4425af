import type { Flow } from '../flow/flow.ts';

/**
 * The two-second rule: a callback that overtakes the answer to its request gives the consumer wrong bytes. Nothing is delivered
 * before *this process* has known the flow, and its last repeat, for the time that an answer may take plus a margin, on a clock
 * that nobody sets back.
 */
export interface SettleClock {
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

type KnownFlow = Pick<Flow, 'name' | 'uid' | 'askedAt'>;

/** Holds one entry per flow that is `know`n and not forgotten: as many as the leader's cache, which tells it both. */
export function createSettleClock(
  { settleMillis, inheritedMillis }: { settleMillis: number; inheritedMillis: number },
  monotonic: () => number = () => performance.now(),
): SettleClock {
  const known = new Map<string, Omit<KnownFlow, 'name'> & { until: number }>();
  function entryOf({ name, uid, askedAt }: KnownFlow) {
    const entry = known.get(name);
    return entry?.uid === uid && entry.askedAt === askedAt ? entry : undefined;
  }
  function hold(flow: KnownFlow, millis: number): void {
    const { name, uid, askedAt } = flow;
    if (entryOf(flow) === undefined) known.set(name, { uid, askedAt, until: monotonic() + millis });
  }
  return {
    know: (flow) => {
      hold(flow, settleMillis);
    },
    inherit: (flow) => {
      hold(flow, Math.max(settleMillis, inheritedMillis));
    },
    remaining(flow) {
      const entry = entryOf(flow);
      return entry === undefined ? settleMillis : Math.max(0, entry.until - monotonic());
    },
    forget: (name) => {
      known.delete(name);
    },
    keepOnly(names) {
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    },
  };
}
