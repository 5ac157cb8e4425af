import assert from 'node:assert/strict';
import test from 'node:test';

import { humanDuration } from '../../src/api/human-duration.ts';
import { columnsFor } from '../../src/api/table-columns.ts';
import type { KubeObject } from '../../src/objects/kube-object.ts';
import { aJob, aPod, aRegistry, keyOf } from '../registry/sample-objects.ts';
import { paths, startTestApi } from './test-api.ts';

const now = new Date('2026-01-01T00:01:05Z');
const startTime = '2026-01-01T00:00:00Z';

function cells(resource: string, object: KubeObject): Record<string, unknown> {
  return Object.fromEntries(columnsFor(resource).map((column) => [column.name, column.value(object, now)]));
}

const jobs: { name: string; status: object; row: object }[] = [
  {
    name: 'has only begun',
    status: { startTime, active: 1 },
    row: { Status: 'Running', Completions: '0/1', Duration: '65s' },
  },
  {
    name: 'is complete',
    status: {
      startTime,
      completionTime: '2026-01-01T00:00:10Z',
      succeeded: 1,
      conditions: [
        { type: 'SuccessCriteriaMet', status: 'True' },
        { type: 'Complete', status: 'True' },
      ],
    },
    row: { Status: 'Complete', Completions: '1/1', Duration: '10s' },
  },
  {
    name: 'has failed',
    status: {
      startTime,
      conditions: [
        { type: 'FailureTarget', status: 'True' },
        { type: 'Failed', status: 'True' },
      ],
    },
    row: { Status: 'Failed', Completions: '0/1', Duration: '65s' },
  },
  {
    name: 'is suspended',
    status: { conditions: [{ type: 'Suspended', status: 'True' }] },
    row: { Status: 'Suspended', Completions: '0/1', Duration: '' },
  },
  {
    name: 'is suspended no more',
    status: { startTime, conditions: [{ type: 'Suspended', status: 'False' }] },
    row: { Status: 'Running', Completions: '0/1', Duration: '65s' },
  },
];
for (const { name, status, row } of jobs) {
  test(`a Job that ${name} shows it`, () => {
    const job = { ...aRegistry().create('jobs', aJob('a')), status };
    const { Status, Completions, Duration } = cells('jobs', job);
    assert.deepEqual({ Status, Completions, Duration }, row);
  });
}

const running = { running: { startedAt: startTime } };
const sidecar = { name: 'side', image: 'x', restartPolicy: 'Always' };
const pods: { name: string; spec?: object; status: object; row: object }[] = [
  {
    name: 'is pending',
    status: { phase: 'Pending' },
    row: { Ready: '0/1', Status: 'Pending', Restarts: '0' },
  },
  {
    name: 'runs beside a sidecar that was restarted',
    spec: { initContainers: [sidecar] },
    status: {
      phase: 'Running',
      initContainerStatuses: [
        {
          name: 'side',
          ready: true,
          started: true,
          restartCount: 1,
          state: running,
          lastState: { terminated: { finishedAt: '2026-01-01T00:01:00Z' } },
        },
      ],
      containerStatuses: [{ name: 'worker', ready: true, restartCount: 0, state: running }],
    },
    row: { Ready: '2/2', Status: 'Running', Restarts: '1 (5s ago)' },
  },
  {
    name: 'waits for its sidecar',
    spec: { initContainers: [sidecar] },
    status: {
      phase: 'Pending',
      initContainerStatuses: [{ name: 'side', ready: false, started: false, state: running }],
      containerStatuses: [
        { name: 'worker', ready: false, state: { waiting: { reason: 'PodInitializing' } } },
      ],
    },
    row: { Ready: '0/2', Status: 'Init:0/1', Restarts: '0' },
  },
  {
    name: 'cannot get its image',
    status: {
      phase: 'Pending',
      containerStatuses: [
        { name: 'worker', ready: false, state: { waiting: { reason: 'ImagePullBackOff' } } },
      ],
    },
    row: { Ready: '0/1', Status: 'ImagePullBackOff', Restarts: '0' },
  },
  {
    name: 'is done',
    status: {
      phase: 'Succeeded',
      containerStatuses: [
        { name: 'worker', ready: false, state: { terminated: { exitCode: 0, reason: 'Completed' } } },
      ],
    },
    row: { Ready: '0/1', Status: 'Completed', Restarts: '0' },
  },
  {
    name: 'has failed',
    status: {
      phase: 'Failed',
      containerStatuses: [
        { name: 'worker', ready: false, state: { terminated: { exitCode: 1, reason: 'Error' } } },
      ],
    },
    row: { Ready: '0/1', Status: 'Error', Restarts: '0' },
  },
];
for (const { name, spec = {}, status, row } of pods) {
  test(`a pod that ${name} shows it`, () => {
    const pod = { ...aRegistry().create('pods', aPod('a', { spec })), status };
    const { Ready, Status, Restarts } = cells('pods', pod);
    assert.deepEqual({ Ready, Status, Restarts }, row);
  });
}

test('a pod that is being deleted is Terminating', () => {
  const registry = aRegistry();
  registry.create('pods', aPod('a', { spec: { nodeName: 'node' } }));
  const pod = registry.delete(keyOf('pods', 'a'));
  assert.equal(cells('pods', pod)['Status'], 'Terminating');
});

test('lists, objects and watches become tables for who asks for tables, and stay themselves for others', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('jobs', aJob('a'));
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  for (const path of [paths.jobs, `${paths.jobs}/a`]) {
    const { body } = await api.call(path, { headers: { accept } });
    assert.equal(body['kind'], 'Table');
    const rows = body['rows'] as { cells: unknown[]; object: { kind: string } }[];
    assert.deepEqual(
      rows.map((row) => [row.cells[0], row.object.kind]),
      [['a', 'PartialObjectMetadata']],
    );
  }
  const { body } = await api.call(`${paths.jobs}/a`, { headers: { accept: 'application/json' } });
  assert.equal(body['kind'], 'Job');
});

test('ages get coarser as they grow', () => {
  const ages = [0, 119, 125, 600, 3 * 3600, 3.5 * 3600, 30 * 3600, 50 * 3600, 300 * 3600].map((s) =>
    humanDuration(s * 1000),
  );
  assert.deepEqual(ages, ['0s', '119s', '2m5s', '10m', '3h', '3h30m', '30h', '2d2h', '12d']);
});
