import { parseQuantity } from './quantity.ts';

type Amounts = Record<string, number>;

interface Needy {
  restartPolicy?: string | undefined;
  resources?: { limits?: Record<string, string>; requests?: Record<string, string> } | undefined;
}

/** What a pod asks for: sidecars count beside the mains; other init containers run before them, so only the largest counts. */
export function amountsOf(
  spec: { containers?: Needy[]; initContainers?: Needy[] },
  what: 'requests' | 'limits',
): Amounts {
  const inits = spec.initContainers ?? [];
  const sidecars = sum(inits.filter(isSidecar), what);
  const lasting = sum([...(spec.containers ?? []), ...inits.filter(isSidecar)], what);
  for (const init of inits.filter((container) => !isSidecar(container))) {
    for (const [name, amount] of Object.entries(sum([init], what))) {
      lasting[name] = Math.max(lasting[name] ?? 0, amount + (sidecars[name] ?? 0));
    }
  }
  return lasting;
}

function isSidecar({ restartPolicy }: Needy): boolean {
  return restartPolicy === 'Always';
}

function sum(containers: Needy[], what: 'requests' | 'limits'): Amounts {
  const total: Amounts = {};
  for (const { resources } of containers) {
    for (const [name, quantity] of Object.entries(resources?.[what] ?? {})) {
      total[name] = (total[name] ?? 0) + parseQuantity(quantity);
    }
  }
  return total;
}
