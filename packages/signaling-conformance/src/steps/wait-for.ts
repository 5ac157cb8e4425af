import { fail } from '../failure.ts';
import type { TestRun } from '../conformance-test.ts';

const firstPauseMillis = 10;
const longestPauseMillis = 250;

/**
 * Looks until there is something, with growing pauses that together last as long as a wait of the run. `describe` says what was expected
 * and what was seen last.
 */
export async function waitFor<Found>(
  run: TestRun,
  look: () => Promise<Found | undefined> | Found | undefined,
  describe: () => string,
): Promise<Found> {
  const { waitMillis } = run.settings;
  const end = performance.now() + waitMillis;
  let pauseMillis = firstPauseMillis;
  for (let paused = 0; ; paused += pauseMillis) {
    const found = await look();
    if (found !== undefined) return found;
    if (paused >= waitMillis || performance.now() >= end) fail(`${describe()} after ${waitMillis / 1000} s`);
    pauseMillis = Math.min(pauseMillis * 2, longestPauseMillis);
    await run.pause(pauseMillis, run.signal);
  }
}
