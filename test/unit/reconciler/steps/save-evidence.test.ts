import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { suite, test, type TestContext } from 'node:test';
import type { PodLogs } from 'embedded-kubernetes/api';
import { readAttempt, type Attempt } from '../../../../src/flow/attempt.ts';
import { judgeAttempt } from '../../../../src/flow/judge-attempt.ts';
import { buildRecord } from '../../../../src/flow/record.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import type { Outcome } from '../../../../src/flow/outcome.ts';
import { setOutcome } from '../../../../src/reconciler/steps/set-outcome.ts';
import { saveAttemptEnd } from '../../../../src/reconciler/steps/save-evidence.ts';
import { aJob, aPod } from '../../../support/flow-job.ts';
import { at } from '../../../support/flow-values.ts';
import { startTestReconciler, type TestReconciler } from '../../../support/test-reconciler.ts';
import { memoryStore } from '../../result/stored-results.ts';

const { signal } = new AbortController();
const secret = 'a-key-that-nobody-may-read';
const other = 'a licence from elsewhere';
const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);

interface World extends TestReconciler {
  asked: string[];
  save: () => Promise<Flow>;
}

/** A worker that ended: it has one Secret of parameters, and one variable of a Secret that the operator allows. */
async function worldOf(
  t: TestContext,
  { worker, log = [], sidecar, running = false, evicted = false }: Ending,
): Promise<World> {
  const asked: string[] = [];
  const podLogs: PodLogs = {
    read: ({ container }, { tailLines = 0, limitBytes = 0 }, given) => {
      asked.push(container);
      if (log === 'hangs')
        return new Promise((_, reject) => {
          given.addEventListener('abort', () => {
            reject(new Error('aborted'));
          });
        });
      const text = log.slice(-tailLines).map((line) => `${line}\n`);
      return Promise.resolve(Readable.from([text.join('').slice(0, limitBytes)]));
    },
  };
  const seen: Attempt[] = [];
  const made = await startTestReconciler(t, { store: memoryStore(), podLogs, attempts: () => seen });
  const { cluster, registry } = made.api;
  await cluster.jobs.create(aJob({ suspended: false, startedAt: at(0) }), signal);
  for (const [name, value] of Object.entries({ parameters: secret, licence: other })) {
    const data = { KEY: Buffer.from(value).toString('base64') };
    await cluster.secrets.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data }, signal);
  }
  const pod = aPod('flow-a', 'flow-a-abcde');
  const [container] = pod.spec?.containers ?? [];
  Object.assign(container ?? {}, {
    env: [{ name: 'LICENCE', valueFrom: { secretKeyRef: { name: 'licence', key: 'KEY' } } }],
    envFrom: [{ secretRef: { name: 'parameters' } }],
  });
  await cluster.pods.create(pod, signal);
  registry.modify({ resource: 'pods', namespace: 'jobs', name: 'flow-a-abcde' }, (draft) => {
    const state = running ? { running: { startedAt: at(1) } } : { terminated: worker };
    draft['status'] = {
      phase: running ? 'Running' : worker?.exitCode === 0 ? 'Succeeded' : 'Failed',
      ...(evicted ? { reason: 'Evicted' } : {}),
      containerStatuses: [{ name: 'worker', state }],
      ...(sidecar === undefined
        ? {}
        : { initContainerStatuses: [{ name: 'uploader', state: { terminated: sidecar } }] }),
    };
  });
  const attempt = readAttempt((await cluster.pods.get('flow-a-abcde', signal)) ?? {});
  seen.push(attempt);
  return {
    ...made,
    asked,
    save: async () => {
      await saveAttemptEnd(made.deps, { flow: await made.see('flow-a'), attempt }, signal);
      return await made.see('flow-a');
    },
  };
}

interface Ended {
  exitCode: number;
  reason: string;
  message?: string;
}

interface Ending {
  worker?: Ended;
  sidecar?: Ended;
  log?: string[] | 'hangs';
  running?: boolean;
  evicted?: boolean;
}

const failed = { exitCode: 3, reason: 'Error' };

function report(files: number): Ended {
  const manifest = { sha256: 's', etag: 'e', files, bytes: files };
  return { exitCode: 0, reason: 'Completed', message: JSON.stringify({ manifest }) };
}

suite('a worker that failed', () => {
  test('leaves the last lines of its log, in the outcome and once in the record, without secrets', async (t) => {
    const said = [`using ${secret}`, `and ${other} (${Buffer.from(secret).toString('base64')})`, 'no input'];
    const world = await worldOf(t, { worker: failed, log: [...lines, ...said] });
    const flow = await world.save();
    const expected = [...lines.slice(13), 'using [redacted]', 'and [redacted] ([redacted])', 'no input'];
    assert.deepEqual(flow.attempt?.log?.split('\n'), expected);
    assert.deepEqual(world.asked, ['worker']);

    const verdict = judgeAttempt(flow.attempt);
    assert.ok(verdict.verdict === 'failed');
    assert.equal(
      verdict.message,
      'The worker ended with exit code 3 (Error). Its log: kubectl logs flow-a-abcde -c worker',
    );
    const { reason, message } = verdict;
    const outcome: Outcome = { phase: 'failed', at: at(30), reason, message };
    await setOutcome(world.deps, { flow, outcome }, signal);
    const ended = await world.see('flow-a');
    assert.deepEqual(ended.outcome, { ...outcome, detail: expected.join('\n') });
    const record = buildRecord({ ...ended, delivery: { attempts: 1, result: 'delivered' } }, at(32));
    assert.equal(JSON.stringify(record).split('no input').length, 2);
    assert.equal(JSON.stringify(await world.api.cluster.jobs.get('flow-a', signal)).includes(secret), false);
  });

  test('leaves its termination message without secrets, on one line of the message for others', async (t) => {
    const message = `first\n  second ${secret}\n`;
    const { attempt } = await (await worldOf(t, { worker: { ...failed, message } })).save();
    assert.equal(attempt?.worker?.message, 'first\n  second [redacted]\n');
    const verdict = judgeAttempt(attempt);
    assert.match(
      verdict.verdict === 'failed' ? verdict.message : '',
      /\(Error\): first second \[redacted\]\. Its/,
    );
  });

  test('leaves no message if its pod was evicted, since nobody reads it and nobody has redacted it', async (t) => {
    const worker = { ...failed, message: `DSN=${secret}` };
    const { attempt } = await (await worldOf(t, { worker, evicted: true })).save();
    assert.equal(attempt?.disrupted, 'Evicted');
    assert.equal(attempt.worker?.exitCode, 3);
    assert.doesNotMatch(JSON.stringify(attempt), /DSN/);
  });

  test('has its end saved without a log if reading the log hangs', async (t) => {
    const world = await worldOf(t, { worker: failed, log: 'hangs' });
    Object.assign(world.deps, {
      config: { ...world.deps.config, cluster: { ...world.deps.config.cluster, requestTimeoutMillis: 300 } },
    });
    const { attempt } = await world.save();
    assert.equal(attempt?.worker?.exitCode, 3);
    assert.equal(attempt.log, undefined);
    assert.deepEqual(world.asked, ['worker']);
  });

  test('has its end saved without log and message if a Secret that it was given is gone', async (t) => {
    const message = 'perhaps with a secret';
    const world = await worldOf(t, { worker: { ...failed, message }, log: [secret] });
    await world.api.cluster.secrets.delete('licence', {}, signal);
    const { attempt } = await world.save();
    assert.deepEqual(attempt?.worker, { exitCode: 3, reason: 'Error' });
    assert.equal(attempt.log, undefined);
  });
});

test('a worker that wrote nothing leaves its log, and one that wrote something is not asked', async (t) => {
  const completed = { exitCode: 0, reason: 'Completed' };
  const nothing = await worldOf(t, { worker: completed, sidecar: report(0), log: ['found no input'] });
  assert.equal((await nothing.save()).attempt?.log, 'found no input');
  const something = await worldOf(t, { worker: completed, sidecar: report(1), log: ['all done'] });
  assert.equal((await something.save()).attempt?.log, undefined);
  assert.deepEqual(something.asked, []);
});

test('a worker that runs too long leaves what it said so far', async (t) => {
  const world = await worldOf(t, { running: true, log: ['waiting for a lock'] });
  const outcome = { phase: 'failed', at: at(9), reason: 'run-deadline-exceeded', message: 'long' } as const;
  await setOutcome(world.deps, { flow: await world.see('flow-a'), outcome }, signal);
  assert.deepEqual((await world.see('flow-a')).outcome, { ...outcome, detail: 'waiting for a lock' });
});
