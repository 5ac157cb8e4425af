import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransferState } from '../../../../src/reconciler/types.ts';
import { missesThatCount, TransferMemory } from '../../../../src/reconciler/transfers/transfer-memory.ts';

const open: TransferState = { is: 'open' };
const missing: TransferState = { is: 'missing' };
const ended: TransferState = { is: 'ended', state: 'TERMINATED' };

/** What a memory makes of one flow's states, one a poll. */
function take(memory: TransferMemory, ...states: TransferState[]): string[][] {
  const underWay = new Set(['flow-a']);
  return states.map((state) =>
    memory.update(new Map([['flow-a', state]]), underWay).map(({ flow, message }) => `${flow}: ${message}`),
  );
}

test('a transfer that the connector calls ended has ended, at the first poll', () => {
  const message = 'flow-a: The connector ended the transfer: its process is TERMINATED.';
  assert.deepEqual(take(new TransferMemory(), ended), [[message]]);
});

test('a transfer that was there and is then missing five times in a row has ended', () => {
  const misses = Array.from({ length: missesThatCount }, () => missing);
  const verdicts = take(new TransferMemory(), open, ...misses);
  assert.equal(missesThatCount, 5);
  assert.deepEqual(
    verdicts.slice(0, -1),
    Array.from({ length: missesThatCount }, () => []),
  );
  assert.deepEqual(verdicts.at(-1), ['flow-a: The connector does not know the transfer any more.']);
});

test('a transfer that was never there is left alone however often it is missing: the address may be another connector’s', () => {
  const verdicts = take(new TransferMemory(), ...Array.from({ length: 50 }, () => missing));
  assert.deepEqual(verdicts.flat(), []);
});

test('where a missing transfer comes back, what is missing means nothing any more', () => {
  const memory = new TransferMemory();
  take(memory, open, missing, open);
  assert.deepEqual(take(memory, ...Array.from({ length: 50 }, () => missing)).flat(), []);
  assert.equal(take(memory, ended).flat().length, 1);
});

test('polls that did not tell do not count as misses', () => {
  const memory = new TransferMemory();
  take(memory, open, ...Array.from({ length: missesThatCount - 1 }, () => missing));
  assert.deepEqual(memory.update(new Map(), new Set(['flow-a'])), []);
  assert.equal(take(memory, missing).flat().length, 1);
});

test('what is not under way any more is forgotten', () => {
  const memory = new TransferMemory();
  take(memory, open);
  assert.equal(memory.knows('flow-a'), true);
  memory.update(new Map(), new Set());
  assert.equal(memory.knows('flow-a'), false);
});
