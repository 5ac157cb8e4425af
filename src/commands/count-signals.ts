// npm passes on a Ctrl-C that the terminal has sent to this process as well: one key, two signals, as far apart as npm is slow.
const sameMillis = 2000;

/** Tells how often somebody has asked for the end: a signal that comes again at once is the same request. */
export function countSignals(now: () => number = () => performance.now()): (signal: string) => number {
  let asked = 0;
  let last: { signal: string; at: number } | undefined;
  return (signal) => {
    const isSame = last?.signal === signal && now() - last.at < sameMillis;
    if (!isSame) {
      asked += 1;
      last = { signal, at: now() };
    }
    return asked;
  };
}
