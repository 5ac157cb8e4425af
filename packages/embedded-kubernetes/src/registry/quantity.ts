const factors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A number as a quantity; what is not whole becomes thousandths. */
export function quantityText(amount: number): string {
  const thousandths = Math.round(amount * 1000);
  if (thousandths % 1000 !== 0) return `${thousandths}m`;
  const whole = thousandths / 1000;
  const unit = ['Ti', 'Gi', 'Mi', 'Ki'].find((each) => whole !== 0 && whole % (factors[each] ?? 1) === 0);
  return unit === undefined ? String(whole) : `${whole / (factors[unit] ?? 1)}${unit}`;
}

/** The number a Kubernetes quantity (`500m`, `1Gi`) stands for; NaN if it is none. */
export function parseQuantity(quantity: string): number {
  const parts = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(quantity);
  return Number(parts?.[1]) * (factors[parts?.[2] ?? ''] ?? Number.NaN);
}
