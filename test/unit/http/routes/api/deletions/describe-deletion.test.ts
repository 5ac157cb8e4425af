import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../../../../../src/flow/flow.ts';
import { describeDeletion } from '../../../../../../src/http/routes/api/deletions/describe-deletion.ts';
import { viewOfFlow } from '../../../../../../src/requests/find-flow.ts';
import { aFlow, at } from '../../../../../support/flow-values.ts';

const requested = { deprovisionAskedAt: at(1) };
const found = { objects: 2, bytes: 9 };
const rows: { state: string | undefined; members: Partial<Flow> }[] = [
  { state: undefined, members: { resultsDeletedAt: at(5) } },
  { state: 'requested', members: { ...requested, deletion: { caller: 'ann' } } },
  { state: 'deleting', members: { ...requested, deletion: { startedAt: at(2), found } } },
  {
    state: 'failed',
    members: { ...requested, deletion: { startedAt: at(2), problem: 'store-unavailable' } },
  },
  { state: 'deleted', members: { ...requested, deletion: { found }, resultsDeletedAt: at(3) } },
];

for (const { state, members } of rows)
  test(`a deletion is ${state ?? 'none if nobody has requested it'}`, () => {
    assert.equal(describeDeletion(viewOfFlow(aFlow(members), []), '')?.state, state);
  });
