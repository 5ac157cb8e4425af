import type { Flow } from '../flow/flow.ts';

/**
 * The two-second rule: a callback that overtakes the answer to its request gives the consumer wrong bytes. Nothing is told
 * before *this process* has known the flow, and its last repeat, for the time that an answer may take plus a margin, on a clock
 * that nobody sets back.
 */
export interface SettleClock {
  /** Of a flow that was there before this replica led: who asked for it may have been cut off, and asks again only after a while. */
  inherit(flow: Pick<Flow, 'uid' | 'askedAt'>): void;
  /** Notes what is known of a flow; returns the milliseconds until it may be told of, 0 if now. */
  remaining(flow: Pick<Flow, 'uid' | 'askedAt'>): number;
  forget(uid: string): void;
}

export function createSettleClock(
  { settleMillis, inheritedMillis }: { settleMillis: number; inheritedMillis: number },
  monotonic: () => number = () => performance.now(),
): SettleClock {
  const known = new Map<string, { askedAt: string | undefined; until: number }>();
  return {
    inherit({ uid, askedAt }) {
      const until = monotonic() + Math.max(settleMillis, inheritedMillis);
      if (known.get(uid)?.askedAt !== askedAt || !known.has(uid)) known.set(uid, { askedAt, until });
    },
    remaining({ uid, askedAt }) {
      const entry = known.get(uid);
      if (entry === undefined || entry.askedAt !== askedAt) {
        known.set(uid, { askedAt, until: monotonic() + settleMillis });
        return settleMillis;
      }
      return Math.max(0, entry.until - monotonic());
    },
    forget: (uid) => {
      known.delete(uid);
    },
  };
}
