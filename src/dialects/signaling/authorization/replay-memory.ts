import { hash } from 'node:crypto';

/** Remembers the ids of tokens until they expire. */
export interface ReplayMemory {
  /** False if the id was seen before. `until`: in seconds of the same clock as `now`. */
  isFirst(id: string, until: number, now: number): boolean;
}

const defaultLimit = 10_000;

/** In the memory of one replica. Beyond the limit the oldest id is forgotten: a token could be used again then, until it expires. */
export function createReplayMemory(limit: number = defaultLimit): ReplayMemory {
  const seen = new Map<string, number>();
  function makeRoom(now: number): void {
    for (const [key, until] of seen) if (until < now) seen.delete(key);
    const [oldest] = seen.keys();
    if (seen.size >= limit && oldest !== undefined) seen.delete(oldest);
  }
  return {
    isFirst(id, until, now) {
      // Ids have any length.
      const key = hash('sha256', id, 'base64');
      if ((seen.get(key) ?? -Infinity) >= now) return false;
      if (seen.size >= limit) makeRoom(now);
      seen.set(key, until);
      return true;
    },
  };
}
