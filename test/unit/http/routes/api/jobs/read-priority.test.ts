import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPriority } from '../../../../../../src/http/routes/api/jobs/read-priority.ts';

const priorities = { urgent: { value: 50, priorityClassName: 'jobs-high' }, low: { value: -50 } };

test('a priority is a number, or a name of the settings with its class', () => {
  assert.deepEqual(readPriority(undefined, priorities), {});
  assert.deepEqual(readPriority(7, priorities), { priority: 7 });
  assert.deepEqual(readPriority('low', priorities), { priority: -50, priorityName: 'low' });
  assert.deepEqual(readPriority('urgent', priorities), {
    priority: 50,
    priorityName: 'urgent',
    priorityClassName: 'jobs-high',
  });
  for (const name of ['constructor', 'high', ''])
    assert.throws(() => readPriority(name, priorities), {
      code: 'invalid-request',
      message: /one of low, urgent/,
    });
});
