import assert from 'node:assert/strict';
import test from 'node:test';

import { createClusterRegistry } from '../../src/controllers/cluster-registry.ts';
import { createEventRecorder } from '../../src/registry/record-event.ts';

const start = Date.parse('2026-01-01T00:00:00.250Z');
const note = { type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' } as const;

/** A pod, and a recorder whose clock goes on by a second a note. */
function aRecorder(source: Parameters<typeof createEventRecorder>[1]) {
  const registry = createClusterRegistry();
  registry.create('namespaces', { metadata: { name: 'work' } });
  const containers = [{ name: 'worker', image: 'a' }];
  const pod = registry.create('pods', {
    metadata: { name: 'pod', namespace: 'work' },
    spec: { containers, initContainers: [{ name: 'uploader', image: 'a' }] },
  });
  let notes = 0;
  const record = createEventRecorder(registry, source, () => new Date(start + 1000 * notes++));
  return { pod, record, events: () => registry.list('events', 'work').items };
}

test('the same note about the same container counts up, as a kubelet counts', () => {
  const { pod, record, events } = aRecorder({ component: 'kubelet', host: 'node' });
  record(pod, { ...note, container: 'worker' });
  record(pod, { ...note, container: 'worker' });
  const [event, ...others] = events();
  assert.deepEqual(others, []);
  assert.deepEqual(
    [event?.['count'], event?.['firstTimestamp'], event?.['lastTimestamp'], event?.['source']],
    [2, '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', { component: 'kubelet', host: 'node' }],
  );
});

test('an event says which container it is about', () => {
  const { pod, record, events } = aRecorder({ component: 'kubelet' });
  record(pod, { ...note, container: 'worker' });
  record(pod, { ...note, container: 'uploader' });
  const paths = events().map(({ involvedObject }) => (involvedObject as { fieldPath: string }).fieldPath);
  assert.deepEqual(paths.sort(), ['spec.containers{worker}', 'spec.initContainers{uploader}']);
});

test('the scheduler writes no count and no timestamps, but an event time and a series', () => {
  const { pod, record, events } = aRecorder({ component: 'default-scheduler', isSeries: true });
  record(pod, note);
  assert.deepEqual(
    ['count', 'lastTimestamp', 'eventTime', 'source'].map((member) => events()[0]?.[member]),
    [undefined, undefined, '2026-01-01T00:00:00.250000Z', {}],
  );
  record(pod, note);
  assert.deepEqual(events()[0]?.['series'], { count: 2, lastObservedTime: '2026-01-01T00:00:01.250000Z' });
});
