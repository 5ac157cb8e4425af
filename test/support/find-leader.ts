import type { ServiceProcess } from './service-process.ts';

/** The replica that reconciles, as its health says. */
export async function findLeader(services: readonly ServiceProcess[]): Promise<ServiceProcess | undefined> {
  for (const service of services.filter(({ running }) => running)) {
    const { components } = (await service.health()) as { components: { reconciler: { detail?: string } } };
    if (components.reconciler.detail === 'leading') return service;
  }
  return undefined;
}
