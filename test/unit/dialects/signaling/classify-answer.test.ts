import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../../src/dialects/deliver-message.ts';
import { classifyAnswer, classifyRepeatedStart } from '../../../../src/dialects/signaling/classify-answer.ts';

function conflict(reason: string): Answer {
  const message = `Could not execute CompleteTransferCommand on TransferProcess with ID 1 because it's ${reason}`;
  return { got: 'answer', status: 409, body: JSON.stringify([{ message, type: 'ObjectConflict' }]) };
}

function answer(status: number, body = ''): Answer {
  return { got: 'answer', status, body };
}

const leased = '[{"message":"Entity is already leased","type":"ObjectConflict"}]';
const rows: { name: string; answer: Answer; result: string; repeated?: string }[] = [
  { name: '200', answer: answer(200), result: 'delivered' },
  { name: 'a leased transfer', answer: answer(409, leased), result: 'failed' },
  { name: 'a transfer that has not started', answer: conflict('STARTUP_REQUESTED'), result: 'failed' },
  { name: 'a suspended transfer', answer: conflict('SUSPENDED'), result: 'failed' },
  { name: 'a completed transfer', answer: conflict('COMPLETED'), result: 'obsolete' },
  { name: 'a terminated transfer', answer: conflict('TERMINATED'), result: 'obsolete' },
  { name: 'an unknown transfer', answer: answer(401), result: 'failed' },
  { name: "EDC's own failure", answer: answer(500, '<html>'), result: 'failed', repeated: 'obsolete' },
  { name: 'a proxy without its backend', answer: answer(502), result: 'failed' },
  {
    name: 'no connection',
    answer: { got: 'nothing', problem: 'ECONNREFUSED', sent: false },
    result: 'failed',
  },
  { name: 'a lost answer', answer: { got: 'nothing', problem: 'closed', sent: true }, result: 'unknown' },
];

for (const { name, answer, result, repeated = result } of rows) {
  test(`${name} is ${result}, and ${repeated} for a start that may be known`, () => {
    assert.equal(classifyAnswer(answer).result, result);
    assert.equal(classifyRepeatedStart(answer).result, repeated);
  });
}
