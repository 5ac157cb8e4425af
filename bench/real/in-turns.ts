/** Runs the contestants as A B C, B C A, C A B …, so that load on the machine affects all alike. */
export async function inTurns<T, R>(
  contestants: readonly T[],
  rounds: number,
  run: (contestant: T, round: number) => Promise<R>,
): Promise<Map<T, R[]>> {
  const results = new Map<T, R[]>(contestants.map((contestant) => [contestant, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contestants.length;
    for (const contestant of [...contestants.slice(first), ...contestants.slice(0, first)])
      results.get(contestant)?.push(await run(contestant, round + 1));
  }
  return results;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Nearest rank; the mean of the middle two for the median of an even number. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  if (share === 0.5 && sorted.length % 2 === 0 && sorted.length > 0) {
    const middle = sorted.length / 2;
    return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
  }
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
