import { constants } from 'node:os';
import { countSignals } from './count-signals.ts';

export interface Interruption {
  /** Aborted by the first SIGINT or SIGTERM. */
  signal: AbortSignal;
  /** Which one it was. */
  received: () => NodeJS.Signals | undefined;
  [Symbol.dispose](): void;
}

/** From here on Ctrl-C asks to tidy up and end; a second one ends the process at once. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const count = countSignals();
  function onSignal(signal: NodeJS.Signals): void {
    if (count(signal) > 1) process.exit(exitCodeOf(signal));
    received ??= signal;
    controller.abort(new Error(`ended by ${signal}`));
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal);
  return {
    signal: controller.signal,
    received: () => received,
    [Symbol.dispose]() {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, onSignal);
    },
  };
}

/** As a shell tells it. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
