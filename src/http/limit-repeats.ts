/** True for the first event of a kind in each window; `more` hears at its end how many others there were, if any. */
export type RepeatLimit = (kind: string, more: (count: number) => void) => boolean;

const windowMillis = 60_000;
/** What is beyond them counts as one kind: a stranger can make as many as it likes. */
const mostKinds = 200;

/** For log lines: a connector that asks in a loop must not fill the log. */
export function createRepeatLimit(): RepeatLimit {
  const repeats = new Map<string, number>();
  return function isFirst(wanted, more) {
    const kind = repeats.has(wanted) || repeats.size < mostKinds ? wanted : 'any other';
    const before = repeats.get(kind);
    repeats.set(kind, before === undefined ? 0 : before + 1);
    if (before !== undefined) return false;
    const timer = setTimeout(() => {
      const count = repeats.get(kind) ?? 0;
      repeats.delete(kind);
      if (count > 0) more(count);
    }, windowMillis);
    timer.unref();
    return true;
  };
}
