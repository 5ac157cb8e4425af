import type { KubernetesObject } from '../../src/kubernetes/types.ts';
import type { Namespace } from './namespace.ts';
import { waitUntil } from './wait-until.ts';

type Quota = KubernetesObject & {
  spec?: { hard?: Record<string, string> };
  status?: { hard?: Record<string, string> };
};

const name = 'full';

/** Allows no further pod in this namespace; returns when the server enforces it. */
export async function fillQuota(namespace: Namespace): Promise<void> {
  const quotas = namespace.kind<Quota>('resourcequotas');
  const quota = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name },
    spec: { hard: { pods: '0' } },
  };
  await quotas.create(quota, AbortSignal.timeout(30_000));
  await waitUntil('the quota is in force', async () => {
    return (await quotas.get(name, AbortSignal.timeout(30_000)))?.status?.hard?.['pods'] === '0';
  });
}

export async function freeQuota(namespace: Namespace): Promise<void> {
  await namespace.kind('resourcequotas').delete(name, {}, AbortSignal.timeout(30_000));
}
