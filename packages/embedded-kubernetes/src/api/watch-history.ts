import { StatusError } from '../objects/status-error.ts';
import type { ClusterRegistry, WatchEvent } from '../registry/types.ts';

/** The latest changes, for watches that start in the past. */
export interface WatchHistory {
  /** Every kept change of a resource after a version; throws 410 Expired if some are no longer kept. */
  since(resource: string, resourceVersion: string): WatchEvent[];
  close(): void;
}

export function recordHistory(registry: ClusterRegistry, capacity: number): WatchHistory {
  const events: WatchEvent[] = [];
  let forgottenUpTo = Number(registry.resourceVersion);
  const close = registry.observe((event) => {
    events.push(event);
    // Dropped in blocks: moving a long list for every event would cost more than the extra memory.
    if (events.length < capacity * 2) return;
    const dropped = events.splice(0, events.length - capacity);
    forgottenUpTo = Math.max(forgottenUpTo, versionOf(dropped.at(-1)));
  });
  return {
    since(resource, resourceVersion) {
      const version = Number(resourceVersion);
      const current = Number(registry.resourceVersion);
      if (version < forgottenUpTo || version > current) throw expired(version, forgottenUpTo);
      return events.filter((event) => event.resource === resource && versionOf(event) > version);
    },
    close,
  };
}

function versionOf(event: WatchEvent | undefined): number {
  return Number(event?.object.metadata.resourceVersion ?? 0);
}

/** A version of another life of this cluster is as unusable as one that is too old: the client has to list again. */
function expired(version: number, oldest: number): StatusError {
  return new StatusError({
    code: 410,
    reason: 'Expired',
    message: `too old resource version: ${version} (${oldest})`,
  });
}
