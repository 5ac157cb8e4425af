import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOfStatus, explainQuotaWithoutRoom, wordsOf } from '../../../src/kubernetes/errors.ts';

const rows = [
  { requested: 'count/jobs.batch=1', limited: 'count/jobs.batch=0', hasRoom: false },
  { requested: 'count/jobs.batch=1', limited: 'count/jobs.batch=5', hasRoom: true },
  { requested: 'pods=1,secrets=1', limited: 'pods=3,secrets=0', hasRoom: false },
  { requested: 'requests.cpu=500m', limited: 'requests.cpu=100m', hasRoom: true },
  { requested: 'count/jobs.batch=1', limited: 'count/jobs.batch=1k', hasRoom: true },
];

for (const { requested, limited, hasRoom } of rows) {
  test(`a quota of ${limited} ${hasRoom ? 'may have' : 'never has'} room for ${requested}`, () => {
    const quota = `exceeded quota: full, requested: ${requested}, used: ${limited}, limited: ${limited}`;
    const message = `jobs.batch "flow-a" is forbidden: ${quota}`;
    const error = errorOfStatus(403, JSON.stringify({ message }), { method: 'POST', path: '/jobs' });
    assert.equal(error.code, 'cluster-over-quota');
    assert.equal(explainQuotaWithoutRoom(error), hasRoom ? undefined : quota);
  });
}

test('another 403 is no quota', () => {
  const message = 'jobs.batch is forbidden: User "x" cannot create resource "jobs"';
  const error = errorOfStatus(403, JSON.stringify({ message }), { method: 'POST', path: '/jobs' });
  assert.equal(error.code, 'cluster-unavailable');
});

test('the words of the API server are its message alone', () => {
  const message = 'admission webhook "images" denied the request:\nthe image is not signed';
  const error = errorOfStatus(400, JSON.stringify({ message }), { method: 'POST', path: '/jobs?dryRun=All' });
  assert.equal(wordsOf(error), message);
});
