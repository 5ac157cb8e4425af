import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJobQuery } from '../../../../../../src/http/routes/api/jobs/job-query.ts';
import { writeCursor } from '../../../../../../src/http/routes/api/list-page.ts';
import { flowView } from '../../../flow-views.ts';

function read(query: string) {
  return readJobQuery(new URLSearchParams(query));
}

test('a query without parameters is the first page of all jobs', () => {
  const { matches, ...rest } = read('');
  assert.deepEqual(rest, { limit: 50, before: undefined, since: undefined });
  assert.ok(matches(flowView('running')));
});

test('each filter leaves jobs out, and all of them have to match', () => {
  const view = flowView('running');
  view.request.labels = { team: 'a', run: '1' };
  for (const [query, expected] of [
    ['state=running', true],
    ['state=failed,running', true],
    ['state=failed', false],
    ['template=t', true],
    ['template=u', false],
    ['connector=rest', true],
    ['connector=provider', false],
    ['labelSelector=team', true],
    ['labelSelector=team%3Da,run%3D1', true],
    ['labelSelector=team%3Da,run%3D2', false],
    ['labelSelector=other', false],
    ['labelSelector=team%3D%3Da', true],
    ['labelSelector=team!%3Da', false],
    ['labelSelector=other!%3Da, run', true],
    ['labelSelector=!other', true],
    ['labelSelector=!team', false],
    ['labelSelector=constructor', false],
    ['state=running&template=u', false],
  ] as const)
    assert.equal(read(query).matches(view), expected, query);
});

test('times and cursors say where a page starts and ends', () => {
  assert.equal(read('since=2026-01-31T12:00:00%2B01:00').since, '2026-01-31T11:00:00.000Z');
  const until = { acceptedAt: '2026-01-31T00:00:00.000Z', flow: '' };
  assert.deepEqual(read('until=2026-01-31T00:00:00Z').before, until);
  const place = { acceptedAt: '2026-01-30T00:00:00.000Z', flow: `flow-${'a'.repeat(26)}` };
  const cursor = writeCursor(place);
  assert.deepEqual(read(`until=2026-01-31T00:00:00Z&cursor=${cursor}`).before, place);
  assert.deepEqual(read(`cursor=${writeCursor(until)}`).before, until);
});

for (const [query, field] of [
  ['limit=0', 'limit'],
  ['limit=201', 'limit'],
  ['limit=1e1', 'limit'],
  ['state=done', 'state'],
  ['since=yesterday', 'since'],
  ['until=2026-13-01T00:00:00Z', 'until'],
  ['cursor=x', 'cursor'],
  ['labelSelector=a%3Db%3Dc', 'labelSelector'],
  ['labelSelector=a in (b)', 'labelSelector'],
  ['limit=1&limit=2', 'limit'],
  ['sort=name', 'sort'],
] as const)
  test(`a query is refused with its parameter and what was expected: ${query}`, () => {
    assert.throws(() => read(query), { code: 'invalid-request', field, message: /expected/ });
  });
