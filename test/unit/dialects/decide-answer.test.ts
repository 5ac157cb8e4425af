import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideAnswer } from '../../../src/dialects/decide-answer.ts';

const running = { delivered: false, over: false, deprovisioned: false, sameContent: true };
const delivered = { ...running, delivered: true, over: true };
const refused = { ...running, over: true };
const gone = { ...delivered, deprovisioned: true };
const cancelled = { ...running, deprovisioned: true };
const other = { ...running, sameContent: false };

const rows = [
  {
    name: 'the same again without type, before it was delivered',
    type: undefined,
    known: running,
    decision: 'record-repeat',
  },
  {
    name: 'the same provision again, before it was delivered',
    type: 'provision',
    known: running,
    decision: 'record-repeat',
  },
  {
    name: 'without type, after it was delivered',
    type: undefined,
    known: delivered,
    decision: 'deprovision',
  },
  { name: 'a provision after it was delivered', type: 'provision', known: delivered, decision: 'repeat' },
  { name: 'a second deprovision without type', type: undefined, known: gone, decision: 'deprovision' },
  { name: 'a provision after its deprovision', type: 'provision', known: gone, decision: 'ended' },
  {
    name: 'a provision after a deprovision that came before the end',
    type: 'provision',
    known: cancelled,
    decision: 'ended',
  },
  {
    name: 'without type, after a deprovision that came before the end',
    type: undefined,
    known: cancelled,
    decision: 'deprovision',
  },
  {
    name: 'a provision after the outcome was delivered to nobody',
    type: 'provision',
    known: refused,
    decision: 'ended',
  },
  {
    name: 'without type, after the outcome was delivered to nobody',
    type: undefined,
    known: refused,
    decision: 'ended',
  },
  { name: 'another asset under the same ids', type: 'provision', known: other, decision: 'conflict' },
  {
    name: 'another asset without type',
    type: undefined,
    known: { ...other, delivered: true },
    decision: 'conflict',
  },
] as const;
for (const { name, type, known, decision } of rows) {
  test(`${name}: ${decision}`, () => {
    assert.equal(decideAnswer(type, known), decision);
  });
}
