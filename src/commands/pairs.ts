import { UsageError } from './command-line.ts';

/** `NAME=VALUE` of an option that may be repeated; the last value of a name counts. */
export function readPairs(option: string, pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
    throw new UsageError(`--${option}: expected NAME=VALUE, received "${pair}"`);
  });
  return Object.fromEntries(entries) as Record<string, string>;
}
