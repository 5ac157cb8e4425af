import { randomBytes } from 'node:crypto';

import { timestamp } from './registry/timestamp.ts';
import type { KubeObject, Registry } from './registry/types.ts';

export interface EventNote {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export type RecordEvent = (about: KubeObject, note: EventNote) => void;

// A real server forgets events after an hour; here the oldest go.
const keptEvents = 2000;

/**
 * Returns a function that writes Event objects for `component`. The same note about the same object counts up instead
 * of making another object. A refused event (its namespace is on its way out) is dropped, as it is by real components.
 */
export function createEventRecorder(registry: Registry, component: string, now: () => Date): RecordEvent {
  const names = new Map<string, { name: string; namespace: string }>();
  return (about, note) => {
    const identity = JSON.stringify([about.metadata.uid, note.type, note.reason, note.message]);
    const known = names.get(identity);
    if (known && countUp(registry, known, now())) return;
    const event = newEvent(about, note, { component, time: timestamp(now()) });
    try {
      registry.create('events', event);
    } catch {
      return;
    }
    names.set(identity, event.metadata);
    forgetOldest(registry, names);
  };
}

function countUp(registry: Registry, key: { name: string; namespace: string }, now: Date): boolean {
  const counted = registry.modify({ resource: 'events', ...key }, (event) => {
    event['count'] = Number(event['count']) + 1;
    event['lastTimestamp'] = timestamp(now);
  });
  return counted !== undefined;
}

function newEvent(about: KubeObject, note: EventNote, origin: { component: string; time: string }) {
  const { name, namespace = 'default', uid, resourceVersion } = about.metadata;
  return {
    metadata: { name: `${name}.${randomBytes(8).toString('hex')}`, namespace },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      namespace,
      name,
      uid,
      resourceVersion,
    },
    ...note,
    source: { component: origin.component },
    reportingComponent: origin.component,
    reportingInstance: '',
    firstTimestamp: origin.time,
    lastTimestamp: origin.time,
    count: 1,
  };
}

function forgetOldest(registry: Registry, names: Map<string, { name: string; namespace: string }>): void {
  if (names.size <= keptEvents) return;
  const [oldest] = names;
  if (!oldest) return;
  const [identity, key] = oldest;
  names.delete(identity);
  if (registry.get({ resource: 'events', ...key })) registry.delete({ resource: 'events', ...key });
}
