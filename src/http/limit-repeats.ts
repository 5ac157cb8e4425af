/** True for the first event of a kind in each window. At its end `more` is called with the number of others, if there were any. */
export type RepeatLimit = (kind: string, more: (count: number) => void) => boolean;

const windowMillis = 60_000;
/** Further kinds count as one: clients can cause any number of them. */
const kindLimit = 200;

/** For log lines: a connector that repeats a request in a loop must not fill the log. */
export function createRepeatLimit(): RepeatLimit {
  const repeats = new Map<string, number>();
  return function isFirst(given, more) {
    const kind = repeats.has(given) || repeats.size < kindLimit ? given : 'any other';
    const before = repeats.get(kind);
    repeats.set(kind, before === undefined ? 0 : before + 1);
    if (before !== undefined) return false;
    setTimeout(() => {
      const count = repeats.get(kind) ?? 0;
      repeats.delete(kind);
      if (count > 0) more(count);
    }, windowMillis).unref();
    return true;
  };
}
