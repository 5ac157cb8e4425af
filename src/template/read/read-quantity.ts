const factors: Record<string, number> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
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

/** A quantity of Kubernetes such as `500Mi` as a whole number. The schema has checked the format. */
export function readQuantity(quantity: string): number {
  const [, digits = '', suffix = ''] = /^([0-9.]+(?:[eE][+-]?\d+)?)(.*)$/.exec(quantity) ?? [];
  return Math.ceil(Number(digits) * (factors[suffix] ?? 1));
}
