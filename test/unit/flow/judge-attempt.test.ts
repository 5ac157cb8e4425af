import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeAttempt } from '../../../src/flow/judge-attempt.ts';
import type { AttemptEnd } from '../../../src/flow/attempt.ts';

const report = { sha256: 'a'.repeat(64), etag: 'e', files: 2, bytes: 7 };
const good: AttemptEnd = {
  attempt: 'uid-1',
  pod: 'flow-x-abcde',
  worker: { exitCode: 0, reason: 'Completed' },
  sidecar: { exitCode: 0, reason: 'Completed', message: JSON.stringify({ manifest: report }) },
  at: '2026-01-01T00:00:00.000Z',
};

test('a worker that completed with 0 and a sidecar that reported a manifest are worth verifying', () => {
  assert.deepEqual(judgeAttempt(good), { verdict: 'verify', report });
});

const failures: { name: string; end: AttemptEnd; reason: string; says: RegExp }[] = [
  {
    name: 'an exit code other than 0',
    end: { ...good, worker: { exitCode: 3, reason: 'Error', message: 'no input' } },
    reason: 'worker-failed',
    says: /exit code 3 \(Error\): no input/,
  },
  {
    name: 'an out-of-memory kill of a child, reported with code 0',
    end: { ...good, worker: { exitCode: 0, reason: 'OOMKilled' } },
    reason: 'worker-out-of-memory',
    says: /memory/,
  },
  {
    name: 'code 0 with a reason that is not Completed',
    end: { ...good, worker: { exitCode: 0, reason: 'ContainerStatusUnknown' } },
    reason: 'worker-failed',
    says: /ContainerStatusUnknown/,
  },
  {
    name: 'an input that could not be fetched, whatever ended the pod',
    end: {
      ...{ attempt: good.attempt, pod: good.pod, at: good.at, disrupted: 'Deleted' },
      sidecar: {
        exitCode: 1,
        reason: 'Error',
        message: '{"error":{"input":"video","message":"it is missing"}}',
      },
    },
    reason: 'input-failed',
    says: /^The input video could not be fetched: it is missing$/,
  },
  {
    name: 'a worker of which nothing is known',
    end: { attempt: good.attempt, pod: good.pod, at: good.at },
    reason: 'attempt-lost',
    says: /not known/,
  },
  {
    name: 'a sidecar that says why it could not upload',
    end: {
      ...good,
      sidecar: {
        exitCode: 1,
        reason: 'Error',
        message: JSON.stringify({ error: { message: 'mode 0000', path: 'a/b' } }),
      },
    },
    reason: 'upload-failed',
    says: /\(a\/b\): mode 0000/,
  },
  {
    name: 'a sidecar that was killed',
    end: { ...good, sidecar: { exitCode: 137, reason: 'Error' } },
    reason: 'upload-failed',
    says: /exit code 137/,
  },
  {
    name: 'a sidecar that ended with 0 and without a report',
    end: { ...good, sidecar: { exitCode: 0, reason: 'Completed', message: '{"manifest":{}}' } },
    reason: 'upload-failed',
    says: /without a report/,
  },
  {
    name: 'no sidecar at all',
    end: { ...good, sidecar: undefined } as unknown as AttemptEnd,
    reason: 'upload-failed',
    says: /never ran/,
  },
];

for (const { name, end, reason, says } of failures) {
  test(`${name} is ${reason}`, () => {
    const verdict = judgeAttempt(end);
    assert.ok(verdict.verdict === 'failed');
    assert.equal(verdict.reason, reason);
    assert.match(verdict.message, says);
  });
}

test('an evicted worker that exits 0 with a whole upload is a disruption, not a result', () => {
  assert.equal(judgeAttempt({ ...good, disrupted: 'EvictionByEvictionAPI' }).verdict, 'disrupted');
});

test('an upload that an eviction interrupted is a disruption, unless it was brought to its end', () => {
  const interrupted = { ...good, interrupted: 'EvictionByEvictionAPI' };
  assert.equal(judgeAttempt(interrupted).verdict, 'verify');
  const killed = judgeAttempt({ ...interrupted, sidecar: { exitCode: 137, reason: 'Error' } });
  assert.ok(killed.verdict === 'disrupted');
  assert.equal(killed.reason, 'upload-failed');
  assert.match(killed.message, /EvictionByEvictionAPI.*exit code 137/);
});

test('a worker that had failed before its pod was disrupted has failed', () => {
  const verdict = judgeAttempt({ ...good, interrupted: 'Deleted', worker: { exitCode: 3, reason: 'Error' } });
  assert.equal(verdict.verdict === 'failed' && verdict.reason, 'worker-failed');
});

test('a pod that outgrew its disk limit fails the flow: another attempt would do the same', () => {
  const disrupted = 'Evicted: Usage of EmptyDir volume "results" exceeds the limit "1Mi".';
  const verdict = judgeAttempt({ ...good, disrupted });
  assert.ok(verdict.verdict === 'failed');
  assert.equal(verdict.reason, 'storage-exceeded');
  assert.match(verdict.message, /volume "results" exceeds the limit "1Mi"/);
});

test('a worker whose kill was seen before its eviction was evicted all the same', () => {
  const interrupted = 'Evicted: Usage of EmptyDir volume "results" exceeds the limit "1Mi".';
  const worker = { exitCode: 137, reason: 'Error', finishedAt: good.worker?.finishedAt ?? '' };
  const verdict = judgeAttempt({ ...good, worker, interrupted });
  assert.equal(verdict.verdict === 'failed' && verdict.reason, 'storage-exceeded');
});
