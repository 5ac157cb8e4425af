import { createClusterRegistry } from '../../src/controllers/cluster-registry.ts';
import type { KubeObject, ObjectInput } from '../../src/objects/kube-object.ts';
import { StatusError } from '../../src/objects/status-error.ts';
import type { ClusterRegistry, WatchEvent } from '../../src/registry/types.ts';

/** A registry with the namespace `default`. */
export function aRegistry(options: { now?: () => Date } = {}): ClusterRegistry {
  const registry = createClusterRegistry(options);
  registry.create('namespaces', { metadata: { name: 'default' } });
  return registry;
}

export function aJob(name: string, spec: Record<string, unknown> = {}): ObjectInput {
  const containers = [{ name: 'worker', image: 'busybox' }];
  return {
    metadata: { name, namespace: 'default' },
    spec: { template: { spec: { restartPolicy: 'Never', containers } }, ...spec },
  };
}

export function aPod(name: string, members: { metadata?: object; spec?: object } = {}): ObjectInput {
  const containers = [{ name: 'worker', image: 'busybox' }];
  return {
    metadata: { name, namespace: 'default', ...members.metadata },
    spec: { containers, ...members.spec },
  };
}

export function aConfigMap(name: string, members: ObjectInput = {}): ObjectInput {
  return { data: { a: 'b' }, ...members, metadata: { name, namespace: 'default', ...members.metadata } };
}

export function ownedBy(owner: KubeObject, more: object = {}) {
  const { apiVersion, kind, metadata } = owner;
  return [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, ...more }];
}

export function keyOf(resource: string, name: string) {
  return { resource, namespace: 'default', name };
}

/** The refusal an act ends in. */
export function refusal(act: () => unknown): StatusError {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('expected a StatusError, but it went through');
}

/** The fields a 422 names. */
export function fieldsOf(error: StatusError): string[] {
  return (error.details?.causes ?? []).map((cause) => cause.field);
}

/** Everything that happens from now on, as `TYPE resource/name`. */
export function recordedEvents(registry: ClusterRegistry): string[] {
  const events: string[] = [];
  registry.subscribe((event: WatchEvent) => {
    events.push(`${event.type} ${event.resource}/${event.object.metadata.name}`);
  });
  return events;
}
