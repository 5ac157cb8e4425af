import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../../src/errors.ts';
import { followFlow } from '../../../../../src/http/routes/demo/follow-flow.ts';
import { progressLines } from '../../../../../src/http/routes/demo/progress-lines.ts';
import type { FlowView } from '../../../../../src/requests/flow-service.ts';
import { flowView } from '../../flow-views.ts';

const never = new AbortController().signal;
const poll = { firstMillis: 0, maxMillis: 0 };
const start = Date.parse('2026-01-02T03:04:05Z');
const failed = {
  phase: 'failed',
  at: '',
  reason: 'worker-failed',
  message: 'exit code 1\u001b[31m',
} as const;

/** Answers one after another, and the last one without end; each poll takes ten seconds. */
function world(answers: (FlowView | Error | undefined)[]) {
  let seconds = 0;
  let looks = 0;
  const follower = {
    poll,
    now: () => new Date(start + seconds * 1000),
    flows: {
      view: () => {
        seconds += 10;
        const answer = answers[Math.min(looks, answers.length - 1)];
        looks += 1;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
  };
  return { follower, looks: () => looks };
}

async function phases(answers: (FlowView | Error | undefined)[]): Promise<string[]> {
  const seen: string[] = [];
  for await (const view of followFlow(world(answers).follower, 'flow-a', never)) seen.push(view.phase);
  return seen;
}

test('a flow is followed to its outcome, over a cluster that is out of reach for a while', async () => {
  const away = new ServiceError('cluster-unavailable', 'not now');
  const answers = [
    undefined,
    flowView('accepted'),
    away,
    flowView('running'),
    flowView('delivering', failed),
    flowView('ended', failed),
  ];
  assert.deepEqual(await phases(answers), ['accepted', 'running', 'delivering']);
});

test('a cluster that is out of reach for longer says nothing about the flow', async () => {
  const away = new ServiceError('cluster-unavailable', 'not now');
  const outage = Array.from({ length: 20 }, () => away);
  const answers = [flowView('running'), undefined, ...outage, flowView('ended', failed)];
  assert.deepEqual(await phases(answers), ['running', 'ended']);
});

test('a flow that vanishes is gone', async () => {
  await assert.rejects(phases([flowView('running'), undefined]), { code: 'gone' });
});

test('a flow is not followed for longer than its limits allow it to run', async () => {
  const { follower, looks } = world([flowView('running')]);
  await assert.rejects(
    async () => {
      for await (const view of followFlow(follower, 'flow-a', never)) assert.equal(view.phase, 'running');
    },
    { code: 'deadline-exceeded' },
  );
  assert.equal(looks(), (60 + 300) / 10 + 1);
});

test('a cluster that never answers is asked a limited number of times, and another error is reported at once', async () => {
  await assert.rejects(phases([new ServiceError('cluster-unavailable', 'not now')]), {
    code: 'deadline-exceeded',
  });
  await assert.rejects(phases([new ServiceError('cluster-refused', 'no')]), { code: 'cluster-refused' });
});

test('nobody follows after an abort', async () => {
  const gone = new AbortController();
  const { follower } = world([flowView('running')]);
  await assert.rejects(
    async () => {
      for await (const view of followFlow(
        { ...follower, poll: { firstMillis: 60_000, maxMillis: 60_000 } },
        'flow-a',
        gone.signal,
      )) {
        assert.ok(view);
        gone.abort();
      }
    },
    { name: 'AbortError' },
  );
});

async function lines(answers: (FlowView | Error | undefined)[]): Promise<string[]> {
  const { follower } = world(answers);
  const views = followFlow(follower, 'flow-a', never);
  const all: string[] = [];
  for await (const line of progressLines({ flow: 'flow-a', views, now: follower.now, addressOf: here }))
    all.push(line);
  return all;
}

test('progress has each event once, signs of life, and the address alone at the end', async () => {
  const succeeded = {
    phase: 'succeeded',
    at: '',
    results: { attempt: 'a', files: 1, bytes: 20, manifestSha256: '', manifestEtag: '' },
  } as const;
  const answers = [
    flowView('pending', undefined, 'pod is Pending:\nimage x'),
    flowView('running'),
    flowView('running'),
    flowView('running'),
    flowView('delivering', succeeded),
  ];
  assert.deepEqual(await lines(answers), [
    '03:04:05 accepted as flow-a',
    '03:04:15 pending: pod is Pending: image x',
    '03:04:25 running',
    '03:04:45 still running',
    '03:04:55 succeeded: 1 file, 20 bytes',
    'http://a/b',
  ]);
});

test('progress ends with the reason of a failure, without what would steer a terminal', async () => {
  assert.equal(
    (await lines([flowView('ended', failed)])).at(-1),
    '03:04:15 failed (worker-failed): exit code 1 [31m',
  );
  assert.match((await lines([new ServiceError('cluster-refused', 'no')])).at(-1) ?? '', /given up: no$/);
});

function here(): Promise<string> {
  return Promise.resolve('http://a/b');
}
