import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../../src/dialects/deliver-message.ts';
import { classifyAnswer, isInnerFailure } from '../../../../src/dialects/signaling/classify-answer.ts';

function conflict(reason: string): Answer {
  const message = `Could not execute CompleteTransferCommand on TransferProcess with ID 1 because it's ${reason}`;
  return { got: 'answer', status: 409, body: JSON.stringify([{ message, type: 'ObjectConflict' }]) };
}

function answer(status: number, body = ''): Answer {
  return { got: 'answer', status, body };
}

const leased = '[{"message":"Entity is already leased","type":"ObjectConflict"}]';
const rows: { name: string; answer: Answer; result: string; inner?: true }[] = [
  { name: '200', answer: answer(200), result: 'delivered' },
  { name: 'a leased transfer', answer: answer(409, leased), result: 'failed' },
  { name: 'a transfer that has not started', answer: conflict('STARTUP_REQUESTED'), result: 'failed' },
  { name: 'a suspended transfer', answer: conflict('SUSPENDED'), result: 'failed' },
  { name: 'a completed transfer', answer: conflict('COMPLETED'), result: 'obsolete' },
  { name: 'a terminated transfer', answer: conflict('TERMINATED'), result: 'obsolete' },
  { name: 'an unknown transfer', answer: answer(401), result: 'failed' },
  {
    name: "EDC's own failure",
    answer: answer(500, '<html><h2>HTTP ERROR 500 Internal Server Error</h2></html>'),
    result: 'failed',
    inner: true,
  },
  {
    name: "EDC's own failure as JSON",
    answer: answer(500, '{"url":"/signaling","status":"500","message":"Internal Server Error"}'),
    result: 'failed',
    inner: true,
  },
  { name: 'the failure of a proxy', answer: answer(500, '<html><h1>500</h1></html>'), result: 'failed' },
  { name: 'a failure without a body', answer: answer(500), result: 'failed' },
  { name: 'another failure', answer: answer(500, '{"status":500,"url":"/"}'), result: 'failed' },
  { name: 'a proxy without its backend', answer: answer(502), result: 'failed' },
  {
    name: 'no connection',
    answer: { got: 'nothing', problem: 'ECONNREFUSED', sent: false },
    result: 'failed',
  },
  { name: 'a lost answer', answer: { got: 'nothing', problem: 'closed', sent: true }, result: 'unknown' },
];

for (const { name, answer, result, inner = false } of rows) {
  test(`${name} is ${result}${inner ? ', and shows that its code failed' : ''}`, () => {
    assert.equal(classifyAnswer(answer).result, result);
    assert.equal(isInnerFailure(answer), inner);
  });
}
