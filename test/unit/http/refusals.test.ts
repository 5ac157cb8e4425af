import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRefusals } from '../../../src/http/refusals.ts';

const refusal = { status: 400, code: 'invalid-request', detail: 'no', path: '/provision' };

test('refusals that are alike are one entry with their count and the last time', () => {
  let now = new Date('2026-01-01T00:00:00Z');
  const refusals = createRefusals(() => now);
  refusals.record('edc', refusal);
  refusals.record('edc', { ...refusal, field: 'assetId' });
  now = new Date('2026-01-01T00:00:05Z');
  refusals.record('edc', refusal);
  assert.deepEqual(refusals.list(), {
    edc: [
      { ...refusal, time: '2026-01-01T00:00:05.000Z', count: 2 },
      { ...refusal, field: 'assetId', time: '2026-01-01T00:00:00.000Z', count: 1 },
    ],
  });
});

test('ten kinds are kept for each connector, and one that repeats itself does not push out the others', () => {
  const refusals = createRefusals(() => new Date());
  for (let index = 0; index < 1000; index += 1)
    refusals.record('edc', { ...refusal, detail: `no ${index % 11}` });
  for (let index = 0; index < 1000; index += 1) refusals.record('edc', refusal);
  refusals.record(undefined, refusal);
  const { edc = [], '(unknown)': others } = refusals.list();
  assert.equal(edc.length, 10);
  assert.deepEqual([edc[0]?.count, edc[0]?.detail, edc[1]?.detail], [1000, 'no', 'no 9']);
  assert.equal(others?.length, 1);
});
