import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { annotation, writeAnnotation, type Told } from '../../../src/flow/annotations.ts';
import type { Flow } from '../../../src/flow/flow.ts';
import type { Job } from '../../../src/kubernetes/types.ts';
import { createAskAgain } from '../../../src/provisioner/ask-again.ts';
import { askUntyped } from '../../../src/provisioner/ask-untyped.ts';
import { aJob } from '../../support/flow-job.ts';
import { at } from '../../support/flow-values.ts';
import { startTestReconciler } from '../../support/test-reconciler.ts';
import { memoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();
const intent = { at: at(30) };

async function start(t: TestContext, members: Partial<Flow>) {
  const { deps, api, see, setClock } = await startTestReconciler(t, { store: memoryStore() });
  const { metadata } = await api.cluster.jobs.create(aJob(members), signal);
  setClock(60);
  return { deps: { ...deps, askAgain: createAskAgain(deps) }, api, see, flow: metadata?.name ?? '' };
}

function told(result: Told['result']): Told {
  return { at: at(40), result };
}

const rows: { name: string; members: Partial<Flow>; answer: string; marked: boolean; noted: boolean }[] = [
  { name: 'before any callback: a repeat', members: {}, answer: 'asked', marked: true, noted: false },
  { name: 'while a callback is on its way', members: { intent }, answer: 'asked', marked: true, noted: true },
  {
    name: 'after one was taken: a deprovision',
    members: { intent, told: told('told') },
    answer: 'told',
    marked: false,
    noted: false,
  },
  {
    name: 'after the end of its process: a deprovision',
    members: { intent, told: told('ended') },
    answer: 'told',
    marked: false,
    noted: false,
  },
  {
    name: 'after the callback was given up: a repeat to which nothing is said any more',
    members: { intent, told: told('gave-up') },
    answer: 'asked',
    marked: false,
    noted: false,
  },
];
for (const { name, members, answer, marked, noted } of rows) {
  test(`a request without a type ${name}`, async (t) => {
    const { deps, see, flow } = await start(t, members);
    assert.equal(await askUntyped(deps, flow, signal), answer);
    const { askedAt, maybeDeprovision } = await see(flow);
    assert.equal(askedAt === at(60), marked);
    assert.deepEqual(maybeDeprovision, noted ? { at: at(60), intent: intent.at } : undefined);
  });
}

test('fifty requests without a type while a callback is on its way are all answered', async (t) => {
  const { deps, see, flow } = await start(t, { intent });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, millis) => {
      return askUntyped({ ...deps, now: () => new Date(at(60 + millis / 1000)) }, flow, signal);
    }),
  );
  assert.deepEqual(new Set(answers), new Set(['asked']));
  assert.equal((await see(flow)).maybeDeprovision?.intent, intent.at);
});

test('a request without a type that loses its write to the news of a taken callback is a deprovision', async (t) => {
  const { deps, api, see, flow } = await start(t, { intent });
  async function get(name: string): Promise<Job | undefined> {
    const job = await api.cluster.jobs.get(name, signal);
    const annotations = writeAnnotation(annotation.told, told('told'));
    await api.cluster.jobs.patch(flow, { metadata: { annotations } }, signal);
    return job;
  }
  const cluster = { ...api.cluster, jobs: { ...api.cluster.jobs, get } };
  assert.equal(await askUntyped({ ...deps, cluster }, flow, signal), 'told');
  assert.equal((await see(flow)).maybeDeprovision, undefined);
});
