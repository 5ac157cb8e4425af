import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import type { Attempt } from '../../../../src/flow/attempt.ts';
import type { Finding } from '../../../../src/flow/pending/diagnose-events.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import type { WarningEvents } from '../../../../src/reconciler/observed/warning-events.ts';
import { pollEvents, savePending } from '../../../../src/reconciler/steps/save-pending.ts';
import { aJob } from '../../../support/flow-job.ts';
import { anAttempt, at, epoch } from '../../../support/flow-values.ts';
import { startTestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const started = { suspended: false, startedAt: at(10) };

async function startWith(t: TestContext, about: WarningEvents['about'], members: Partial<Flow> = {}) {
  const world = await startTestReconciler(t, { store: memoryStore() });
  const deps = { ...world.deps, events: { about } };
  await world.api.cluster.jobs.create(aJob({ ...started, ...members }), signal);
  const flow = await world.see('flow-a');
  return { ...world, deps, flow };
}

function refusal(about: string, message: string, seconds: number): Finding {
  const time = epoch + seconds * 1000;
  return { about, reason: 'FailedCreate', message, first: time, last: time };
}

const quota = 'Error creating: pods "a" is forbidden: exceeded quota: q';
const until = epoch + 1_000_000;

function look(world: { deps: Parameters<typeof pollEvents>[0] }, flow: Flow, attempts: Attempt[] = []) {
  return pollEvents(world.deps, { flow, attempts, until }, signal);
}

test('what events say of a Job without a pod is written on it with the time of the first', async (t) => {
  const world = await startWith(t, (uid) =>
    Promise.resolve([refusal(uid, quota, 12), refusal(uid, quota, 14)]),
  );
  world.setClock(20);
  assert.deepEqual(await look(world, world.flow), { kind: 'continue' });
  const { pending } = await world.see('flow-a');
  assert.deepEqual([pending?.cause, pending?.since, pending?.attempt], ['quota', at(12), undefined]);
});

test('the same cause is saved once, and polled less and less often', async (t) => {
  const world = await startWith(t, (uid) => Promise.resolve([refusal(uid, quota, 12)]));
  world.setClock(20);
  await look(world, world.flow);
  const saved = await world.see('flow-a');
  assert.deepEqual(await look(world, saved), { kind: 'requeue', millis: 5000 });
  assert.equal((await world.see('flow-a')).resourceVersion, saved.resourceVersion);
  world.setClock(10 + 100);
  assert.deepEqual(await look(world, saved), { kind: 'requeue', millis: 25_000 });
  world.setClock(10 + 900);
  assert.deepEqual(await look(world, saved), { kind: 'requeue', millis: 60_000 });
});

test('a later event of the same cause does not move the time at which it was first seen', async (t) => {
  const findings = [[12], [40]];
  const world = await startWith(t, (uid) =>
    Promise.resolve((findings.shift() ?? []).map((seconds) => refusal(uid, quota, seconds))),
  );
  world.setClock(50);
  await look(world, world.flow);
  await look(world, await world.see('flow-a'));
  assert.equal((await world.see('flow-a')).pending?.since, at(12));
});

test('another cause takes its place', async (t) => {
  const policy = 'Error creating: pods "a" is forbidden: violates PodSecurity "restricted:latest": no';
  const world = await startWith(t, (uid) =>
    Promise.resolve([refusal(uid, quota, 12), refusal(uid, policy, 30)]),
  );
  world.setClock(31);
  await look(world, world.flow);
  const { pending } = await world.see('flow-a');
  assert.deepEqual([pending?.cause, pending?.since], ['admission', at(30)]);
});

test("a pod's events are those of its own UID", async (t) => {
  const asked: string[] = [];
  const world = await startWith(t, (uid) => {
    asked.push(uid);
    const message = 'MountVolume.SetUp failed for volume "v" : secret "s" not found';
    return Promise.resolve([{ ...refusal(uid, message, 12), reason: 'FailedMount' }]);
  });
  world.setClock(20);
  await look(world, world.flow, [anAttempt({ worker: { state: 'waiting' }, unpreparedSince: at(11) })]);
  assert.deepEqual(asked, ['pod-uid']);
  const { pending } = await world.see('flow-a');
  assert.deepEqual([pending?.cause, pending?.attempt], ['configuration', 'pod-uid']);
});

test('events that may not be read, or cannot be, keep no flow from its deadline', async (t) => {
  for (const code of ['cluster-refused', 'cluster-unavailable'] as const) {
    const world = await startWith(t, () => Promise.reject(new ServiceError(code, 'no')));
    world.setClock(20);
    const near = epoch + 21_000;
    const step = { flow: world.flow, attempts: [], until: near };
    assert.deepEqual(await pollEvents(world.deps, step, signal), { kind: 'requeue', millis: 1000 });
  }
});

test('a saved message is bounded', async (t) => {
  const world = await startWith(t, () => Promise.resolve([]));
  const diagnosis = {
    cause: 'imagePull',
    message: 'x'.repeat(5000),
    since: at(20),
    attempt: 'pod-uid',
  } as const;
  await savePending(world.deps, { flow: world.flow, diagnosis }, signal);
  assert.equal((await world.see('flow-a')).pending?.message.length, 1000);
});
