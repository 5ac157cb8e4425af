import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import test from 'node:test';

import type { ContainerKey, PodLogOptions } from '../../src/objects/pod-logs.ts';
import { aPod, aRegistry, keyOf } from '../registry/sample-objects.ts';
import { waitUntil } from '../wait-until.ts';
import { paths, startTestApi } from './test-api.ts';

function aRunningPod() {
  const registry = aRegistry();
  const containers = [
    { name: 'worker', image: 'x' },
    { name: 'other', image: 'x' },
  ];
  registry.create('pods', aPod('p', { spec: { containers } }));
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  const waiting = { waiting: { reason: 'ContainerCreating' } };
  const containerStatuses = [
    { name: 'worker', state },
    { name: 'other', state: waiting },
  ];
  registry.update(keyOf('pods', 'p'), { status: { phase: 'Running', containerStatuses } }, 'status');
  return registry;
}

test('a log is asked for with every option and sent as plain text', async (t) => {
  const asked: { container: ContainerKey; options: PodLogOptions }[] = [];
  const podLogs = {
    read(container: ContainerKey, options: PodLogOptions) {
      asked.push({ container, options });
      return Promise.resolve(Readable.from(['one\n', 'two\n']));
    },
  };
  const api = await startTestApi(t, { registry: aRunningPod(), podLogs });
  const query =
    'container=worker&tailLines=2&timestamps=true&sinceTime=2026-01-01T00:00:00.9Z&stream=All&limitBytes=9';
  const reply = await api.call(`${paths.pods}/p/log?${query}`);
  assert.deepEqual(
    [reply.code, reply.headers['content-type'], reply.text],
    [200, 'text/plain', 'one\ntwo\n'],
  );
  const uid = api.registry.get(keyOf('pods', 'p'))?.metadata.uid;
  const options = {
    follow: false,
    previous: false,
    timestamps: true,
    since: '2026-01-01T00:00:00',
    tailLines: 2,
    limitBytes: 9,
  };
  assert.deepEqual(asked, [
    { container: { namespace: 'default', pod: 'p', uid, container: 'worker' }, options },
  ]);
});

const refused: { name: string; query: string; code: number; message: RegExp }[] = [
  { name: 'no container of several', query: '', code: 400, message: /choose one of: \[worker other\]/ },
  {
    name: 'a container that is not there',
    query: 'container=x',
    code: 400,
    message: /container x is not valid for pod p/,
  },
  {
    name: 'a container that has not started',
    query: 'container=other',
    code: 400,
    message: /waiting to start: ContainerCreating/,
  },
  {
    name: 'a run before the first',
    query: 'container=worker&previous=true',
    code: 400,
    message: /previous terminated container "worker"/,
  },
  { name: 'no time', query: 'container=worker&sinceTime=today', code: 400, message: /sinceTime/ },
  { name: 'no number of lines', query: 'container=worker&tailLines=many', code: 400, message: /tailLines/ },
  ...['sinceSeconds=5', 'stream=Stdout'].map((option) => ({
    ...{ name: `a container with ${option}`, query: `container=worker&${option}`, code: 422 },
    message: new RegExp(`${option.split('=')[0] ?? ''}: Forbidden: the embedded cluster does not support it`),
  })),
];
for (const { name, query, code, message } of refused) {
  test(`a log of ${name} is refused and says why`, async (t) => {
    const api = await startTestApi(t, { registry: aRunningPod() });
    const reply = await api.call(`${paths.pods}/p/log?${query}`);
    assert.equal(reply.code, code);
    assert.match(String(reply.body['message']), message);
  });
}

test('a followed log without output ends when the server stops, and so does its source', async (t) => {
  const quiet = new PassThrough();
  const podLogs = { read: () => Promise.resolve<Readable>(quiet) };
  const api = await startTestApi(t, { registry: aRunningPod(), podLogs });
  const reply = api.call(`${paths.pods}/p/log?container=worker&follow=true`).catch(() => 'ended');
  await waitUntil(
    'the log is being sent',
    () =>
      quiet.readableFlowing === true ||
      quiet.listenerCount('data') > 0 ||
      quiet.listenerCount('readable') > 0,
  );
  await api.stop();
  assert.equal(await reply, 'ended');
  await waitUntil('the source is freed', () => quiet.destroyed);
});
