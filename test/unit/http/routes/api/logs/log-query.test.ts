import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLogQuery } from '../../../../../../src/http/routes/api/logs/log-query.ts';

const attempt = '083668c5-bdbb-46fc-a135-0bb85bd56813';

test('without parameters it is all of the latest worker, not followed', () => {
  assert.deepEqual(readLogQuery(new URLSearchParams('')), {
    container: 'worker',
    follow: false,
    timestamps: false,
  });
});

test('each parameter is read', () => {
  const query = `container=uploader&attempt=${attempt}&follow&timestamps=true&tailLines=0&sinceTime=2026-01-31T12:00:00%2B01:00`;
  assert.deepEqual(readLogQuery(new URLSearchParams(query)), {
    ...{ container: 'uploader', attempt, follow: true, timestamps: true, tailLines: 0 },
    sinceTime: '2026-01-31T11:00:00.000Z',
  });
});

for (const [query, field] of [
  ['container=main', 'container'],
  ['attempt=1', 'attempt'],
  ['follow=yes', 'follow'],
  ['timestamps=1', 'timestamps'],
  ['tailLines=-1', 'tailLines'],
  ['tailLines=99999999999', 'tailLines'],
  ['sinceTime=today', 'sinceTime'],
  ['previous=true', 'previous'],
  ['follow=true&follow=true', 'follow'],
] as const)
  test(`a query is refused with its parameter and what was expected: ${query}`, () => {
    assert.throws(() => readLogQuery(new URLSearchParams(query)), {
      ...{ code: 'invalid-request', field },
      message: /expected/,
    });
  });
