import { randomBytes } from 'node:crypto';

import { keyOf, type KubeObject, type ObjectKey } from '../objects/kube-object.ts';
import { timestamp } from '../objects/timestamp.ts';
import type { Registry } from './types.ts';

export interface EventNote {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** The container of the pod that it is about. */
  container?: string;
}

export interface EventSource {
  component: string;
  /** The node it is on. */
  host?: string;
  /** Written with an `eventTime` and a `series` in place of a count and two timestamps, as the scheduler does it. */
  isSeries?: boolean;
}

export type RecordEvent = (about: KubeObject, note: EventNote) => void;

// A real server forgets events after an hour; here the oldest go.
const keptEvents = 2000;

/**
 * Returns a function that writes Event objects. The same note about the same object counts up instead
 * of making another object. A refused event (its namespace is on its way out) is dropped, as it is by real components.
 */
export function createEventRecorder(registry: Registry, source: EventSource, now: () => Date): RecordEvent {
  const known = new Map<string, ObjectKey>();
  return (about, note) => {
    const { type, reason, message, container } = note;
    const identity = JSON.stringify([about.metadata.uid, type, reason, message, container]);
    const key = known.get(identity);
    if (key && countUp(registry, key, now())) return;
    try {
      const event = registry.create('events', newEvent(about, note, { ...source, now: now() }));
      known.set(identity, keyOf('events', event));
    } catch {
      return;
    }
    forgetOldest(registry, known);
  };
}

function countUp(registry: Registry, key: ObjectKey, now: Date): boolean {
  const counted = registry.modify(key, (event) => {
    if (event['eventTime'] === undefined) {
      event['count'] = Number(event['count']) + 1;
      event['lastTimestamp'] = timestamp(now);
    } else {
      const { count = 1 } = (event['series'] ?? {}) as { count?: number };
      event['series'] = { count: count + 1, lastObservedTime: microseconds(now) };
    }
  });
  return counted !== undefined;
}

function newEvent(about: KubeObject, note: EventNote, origin: EventSource & { now: Date }) {
  const { name, namespace = 'default', uid, resourceVersion } = about.metadata;
  const { type, reason, message, container } = note;
  const { component, host } = origin;
  const involvedObject = {
    ...{ apiVersion: about.apiVersion, kind: about.kind, namespace, name, uid, resourceVersion },
    ...(container === undefined ? {} : { fieldPath: containerPath(about, container) }),
  };
  return {
    metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
    involvedObject,
    ...{ type, reason, message },
    reportingComponent: component,
    reportingInstance: host ?? '',
    ...(origin.isSeries
      ? { source: {}, action: 'Scheduling', eventTime: microseconds(origin.now) }
      : { source: { component, ...(host === undefined ? {} : { host }) }, ...firstCount(origin.now) }),
  };
}

function firstCount(now: Date) {
  return { firstTimestamp: timestamp(now), lastTimestamp: timestamp(now), count: 1 };
}

function containerPath({ spec }: KubeObject, container: string): string {
  const { initContainers = [] } = spec as { initContainers?: { name: string }[] };
  const isInit = initContainers.some(({ name }) => name === container);
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
}

function microseconds(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

function forgetOldest(registry: Registry, known: Map<string, ObjectKey>): void {
  const [oldest] = known;
  if (known.size <= keptEvents || !oldest) return;
  const [identity, key] = oldest;
  known.delete(identity);
  if (registry.get(key)) registry.delete(key);
}
