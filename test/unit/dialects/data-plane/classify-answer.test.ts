import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyAnswer } from '../../../../src/dialects/data-plane/classify-answer.ts';

const notFound = '[{"message":"Object of type DataFlow with ID=x was not found","type":"ObjectNotFound"}]';
const rows = [
  { name: 'a 204', status: 204, body: '', result: 'delivered' },
  { name: 'a 404 that names the flow', status: 404, body: notFound, result: 'obsolete' },
  { name: 'a 404 of a server that starts', status: 404, body: '<html>', result: 'failed' },
  { name: 'a flow that is leased', status: 409, body: '[{"message":"already leased"}]', result: 'failed' },
  { name: 'a wrong key', status: 401, body: '[{"message":"x"}]', result: 'failed' },
  { name: 'a refusal in EDC’s words', status: 400, body: '[{"message":"x"}]', result: 'rejected' },
  { name: 'a proxy without a backend', status: 503, body: '', result: 'failed' },
  { name: 'a fault of the server', status: 500, body: '', result: 'unknown' },
  { name: 'a proxy that lost the answer', status: 502, body: '', result: 'unknown' },
  { name: 'a proxy that waited in vain', status: 504, body: '', result: 'unknown' },
] as const;
for (const { name, status, body, result } of rows) {
  test(`${name} means ${result}`, () => {
    assert.equal(classifyAnswer({ got: 'answer', status, body }).result, result);
  });
}

for (const [sent, result] of [
  [true, 'unknown'],
  [false, 'failed'],
] as const) {
  test(`no answer to a callback that ${sent ? 'may have arrived' : 'was not sent'} means ${result}`, () => {
    assert.equal(classifyAnswer({ got: 'nothing', problem: 'x', sent }).result, result);
  });
}
