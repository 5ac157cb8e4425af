import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSessions } from '../../src/access/sessions.ts';

test('a full table gives up ended sessions first and refuses when all are open', () => {
  let now = 0;
  const sessions = createSessions(() => now, 2);
  const first = sessions.issue(900, undefined);
  sessions.issue(3600, undefined);
  assert.throws(() => sessions.issue(900, undefined), { code: 'ServiceUnavailable' });
  now = 901_000;
  const third = sessions.issue(900, undefined);
  assert.equal(sessions.find(first.accessKeyId), undefined);
  assert.equal(sessions.find(third.accessKeyId), third);
});
