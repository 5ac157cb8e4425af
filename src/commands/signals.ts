import { constants } from 'node:os';

const names = ['SIGINT', 'SIGTERM'] as const;

export interface Interruption extends Disposable {
  /** Aborted by the first SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** The first one. */
  received: () => NodeJS.Signals | undefined;
}

/** The first Ctrl-C or SIGTERM asks for an orderly end; the second one ends the process immediately. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const count = countSignals();
  function onSignal(signal: NodeJS.Signals): void {
    if (count(signal) > 1) process.exit(exitCodeOf(signal));
    received ??= signal;
    controller.abort(new Error(`ended by ${signal}`));
  }
  for (const name of names) process.on(name, onSignal);
  return {
    signal: controller.signal,
    received: () => received,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}

/** The exit code by which a shell reports a process that a signal ended. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** npm forwards a Ctrl-C that the terminal has sent to this process as well, some time later. */
const sameMillis = 2000;

/** Counts requests for the end: the same signal within two seconds is the same request. */
export function countSignals(now: () => number = () => performance.now()): (signal: string) => number {
  let count = 0;
  let last: { signal: string; at: number } | undefined;
  return (signal) => {
    if (last?.signal === signal && now() - last.at < sameMillis) return count;
    last = { signal, at: now() };
    count += 1;
    return count;
  };
}
