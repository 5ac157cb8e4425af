export interface BackOff {
  firstMillis: number;
  maxMillis: number;
}

/** Doubles with each failure in a row, up to the maximum; spread by a quarter, so that what failed together is retried apart. */
export function backOffMillis(
  { firstMillis, maxMillis }: BackOff,
  failures: number,
  random: () => number = Math.random,
): number {
  return Math.min(maxMillis, firstMillis * 2 ** Math.min(failures - 1, 30)) * (0.75 + random() / 2);
}
