import { setTimeout } from 'node:timers/promises';
import { runConformance, type ConformanceOptions, type ConformanceReport } from '../src/run-conformance.ts';
import { startDataPlane } from './reference-data-plane.ts';
import type { Rules } from './rules.ts';

/** Runs tests against a data plane with these rules. Pauses are shorter than real ones, so that a wait without an end ends soon. */
export async function runAgainst(
  rules: Rules,
  options: Partial<ConformanceOptions> = {},
): Promise<ConformanceReport> {
  const plane = await startDataPlane(rules);
  try {
    return await runConformance({
      target: plane.url,
      authorization: plane.authorization,
      callbackPort: 0,
      concurrency: 32,
      pause: async (millis, signal) => {
        await setTimeout(millis / 50, undefined, { signal });
      },
      settings: {
        X_TARGET_WRONG_TOKEN: `${plane.origin}/wrong`,
        X_AUTHORIZATION_EXPIRED: 'Bearer expired',
        X_AUTHORIZATION_WRONG_AUDIENCE: 'Bearer foreign',
        X_AUTHORIZATION_OTHER: 'Bearer other',
      },
      ...options,
    });
  } finally {
    await plane.close();
  }
}

export function failedIds({ results }: ConformanceReport): string[] {
  return results.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id);
}
