const seconds: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** `1h30m`, `90s` or a number, in whole seconds; the schema has seen to its shape. */
export function readDuration(value: string | number): number {
  if (typeof value === 'number') return Math.ceil(value);
  const parts = value.matchAll(/(\d+)([dhms])/g);
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (seconds[unit ?? ''] ?? 0), 0);
}
