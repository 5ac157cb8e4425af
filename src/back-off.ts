export interface BackOff {
  firstMillis: number;
  maxMillis: number;
}

/** Doubles with each failure in a row, up to the longest; spread by a quarter, so that what failed together comes back apart. */
export function backOffMillis(
  { firstMillis, maxMillis }: BackOff,
  failures: number,
  random: () => number = Math.random,
): number {
  return Math.min(maxMillis, firstMillis * 2 ** Math.min(failures - 1, 30)) * (0.75 + random() / 2);
}
