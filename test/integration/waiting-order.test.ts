import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowLabel } from '../../src/flow/labels.ts';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';

interface Job {
  id: string;
  state: string;
  detail?: string;
  startedAt?: string;
  endedAt?: string;
  priority?: number;
}

/** Every cluster has it. */
const priorityClassName = 'system-cluster-critical';
const priorities = { urgent: { value: 50, priorityClassName }, background: { value: -50 } };

test('with a limit of one, jobs start by their priority and then in the order of acceptance, with the PriorityClass of its name, and are selected by their labels', async (t) => {
  const world = await startWorld(t, {
    settings: {
      reconciler: { maxRunning: 1, leaseSeconds: 30 },
      pods: { priorities },
      http: { answerDeadlineMillis: 20_000 },
    },
  });
  const { service, namespace } = world;
  async function call<T>(path: string, body?: object): Promise<T> {
    const answer = await fetch(`${service.url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' } }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return JSON.parse(text) as T;
  }
  async function start(name: string, members: object, template = 'echo'): Promise<string> {
    const labels = { name, team: name.startsWith('first') ? 'a' : 'b' };
    return (await call<Job>('/jobs', { template, labels, ...members })).id;
  }
  const gated = await start('gated', {}, 'gated');
  await waitUntil('it runs', async () => (await call<Job>(`/jobs/${gated}`)).state === 'running');
  const names = new Map<string, string>();
  for (const [name, members] of [
    ['background', { priority: 'background' }],
    ['first', {}],
    ['second', { priority: 0 }],
    ['third', {}],
    ['urgent', { priority: 'urgent' }],
    ['seven', { priority: 7 }],
    ['first-of-seven', { priority: 8 }],
  ] as const)
    names.set(await start(name, members), name);
  for (const [id] of names) {
    const { state, detail } = await call<Job>(`/jobs/${id}`);
    assert.deepEqual([state, /at most 1 job/i.test(detail ?? '')], ['accepted', true], detail);
  }
  assert.deepEqual((await namespace.pods()).length, 1);

  const selected = await call<{ items: Job[] }>('/jobs?labelSelector=team%3Da');
  const { items } = await namespace.cluster.jobs.list(
    { labelSelector: 'team=a' },
    AbortSignal.timeout(30_000),
  );
  assert.deepEqual(
    selected.items.map(({ id }) => id).sort(),
    items.map(({ metadata }) => metadata?.name ?? '').sort(),
  );
  assert.equal(items.length, 2);

  world.gate.open();
  const jobs = await waitUntil(
    'all have ended',
    async () => {
      const all = await Promise.all([...names.keys()].map((id) => call<Job>(`/jobs/${id}`)));
      return all.every(({ endedAt }) => endedAt !== undefined) && all;
    },
    { deadlineMs: 240_000 },
  );
  const order = jobs.toSorted((a, b) => (String(a.startedAt) < String(b.startedAt) ? -1 : 1));
  assert.deepEqual(
    order.map(({ id }) => names.get(id)),
    ['urgent', 'first-of-seven', 'seven', 'first', 'second', 'third', 'background'],
  );
  const classes = (await namespace.pods()).map(({ metadata, spec }) => [
    names.get(metadata?.labels?.[flowLabel] ?? '') ?? 'gated',
    spec?.priorityClassName,
  ]);
  assert.deepEqual(
    classes.filter(([, name]) => name !== undefined),
    [['urgent', priorityClassName]],
  );
  for (const [index, job] of order.entries())
    assert.ok(index === 0 || String(order[index - 1]?.endedAt) <= String(job.startedAt), 'one at a time');
});
