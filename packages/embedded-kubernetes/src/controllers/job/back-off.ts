interface Failures {
  sinceSuccess: number;
  last: number;
}

const longest = 10 * 60_000;

/** How long Jobs wait before they replace failed pods: doubling from `base` with every failure since the last success. */
export interface BackOff {
  recordFailure(uid: string, at: number): void;
  recordSuccess(uid: string): void;
  /** Milliseconds until a replacement may start. */
  remaining(uid: string, at: number): number;
  forget(uid: string): void;
}

export function createBackOff(base: number): BackOff {
  const failures = new Map<string, Failures>();
  return {
    recordFailure(uid, at) {
      failures.set(uid, { sinceSuccess: (failures.get(uid)?.sinceSuccess ?? 0) + 1, last: at });
    },
    recordSuccess: (uid) => failures.delete(uid),
    remaining(uid, at) {
      const known = failures.get(uid);
      if (!known) return 0;
      const delay = Math.min(longest, base * 2 ** Math.min(known.sinceSuccess - 1, 20));
      return Math.max(0, known.last + delay - at);
    },
    forget: (uid) => failures.delete(uid),
  };
}
