import { createRegistry } from '../registry/registry.ts';
import type { ClusterRegistry } from '../registry/types.ts';
import { collectGarbage } from './garbage-collector.ts';
import { emptyDeletedNamespaces } from './namespace-lifecycle.ts';
import { keepQuotaUsage } from './quota-usage.ts';

/**
 * A new, empty cluster memory with its garbage collector, the life cycle of its namespaces and the usage of its quotas.
 * Namespaces have to be created like any other object.
 */
export function createClusterRegistry(options: { now?: () => Date } = {}): ClusterRegistry {
  const registry = createRegistry(options);
  collectGarbage(registry);
  emptyDeletedNamespaces(registry);
  keepQuotaUsage(registry);
  return registry;
}
