const decimal = { n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
const binary = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 };
const factors: Record<string, number> = { ...decimal, ...binary };

/** The number a Kubernetes quantity (`500m`, `1Gi`) stands for; NaN if it is none. */
export function parseQuantity(quantity: string): number {
  const parts = /^([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([a-zA-Z]*)$/.exec(quantity);
  return Number(parts?.[1]) * (factors[parts?.[2] ?? ''] ?? Number.NaN);
}
