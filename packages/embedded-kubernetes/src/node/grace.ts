import { longestTimer } from '../objects/timers.ts';

/** The time a pod has to end: one for all its containers, and it can only get shorter. */
export interface Grace {
  shorten(seconds: number): void;
  /** Calls back once it is over, but not within `minimum` milliseconds from now. Returns the function that cancels. */
  whenOver(minimum: number, callback: () => void): () => void;
}

export function startGrace(seconds: number): Grace {
  let deadline = performance.now() + seconds * 1000;
  const shortened = new Set<() => void>();
  return {
    shorten(shorter) {
      deadline = Math.min(deadline, performance.now() + shorter * 1000);
      for (const rearm of shortened) rearm();
    },
    whenOver(minimum, callback) {
      const floor = performance.now() + minimum;
      let timer: NodeJS.Timeout | undefined;
      function arm(): void {
        clearTimeout(timer);
        const remaining = Math.max(deadline, floor) - performance.now();
        timer = setTimeout(callback, Math.min(Math.max(0, remaining), longestTimer));
      }
      shortened.add(arm);
      arm();
      return () => {
        clearTimeout(timer);
        shortened.delete(arm);
      };
    },
  };
}
