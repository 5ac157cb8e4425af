import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyAnswer } from '../../../../src/connector/control-plane/classify-answer.ts';

function conflict(state: string): string {
  const message = `Could not execute AddProvisionedResourceCommand on TransferProcess with ID 1 because it's ${state}`;
  return JSON.stringify([{ message, type: 'ObjectConflict', path: null, invalidValue: null }]);
}
const leased = '[{"message":"Entity 1 is already leased","type":"ObjectConflict"}]';
const unknown =
  '[{"message":"Object of type TransferProcess with ID=1 was not found","type":"ObjectNotFound"}]';
const html = '<html><title>Error 404</title> /management/v3/transferprocesses/1/terminate</html>';

const rows = [
  { name: '204', status: 204, result: 'told' },
  { name: '200', status: 200, result: 'told' },
  {
    name: '409 of a started process',
    status: 409,
    body: conflict('STARTED'),
    result: 'ended',
    state: 'STARTED',
  },
  {
    name: '409 of a terminated process',
    status: 409,
    body: conflict('TERMINATED'),
    result: 'ended',
    state: 'TERMINATED',
  },
  {
    name: '409 in lower case',
    status: 409,
    body: conflict('Deprovisioning'),
    result: 'ended',
    state: 'DEPROVISIONING',
  },
  {
    name: '409 of a process that still waits',
    status: 409,
    body: conflict('PROVISIONING_REQUESTED'),
    result: 'retry',
    slowly: false,
  },
  { name: '409 of a leased process', status: 409, body: leased, result: 'retry', slowly: false },
  { name: '409 without words', status: 409, body: '', result: 'retry', slowly: false },
  { name: '404 that names the process', status: 404, body: unknown, result: 'ended', state: 'UNKNOWN' },
  { name: '404 of a web server', status: 404, body: html, result: 'retry', slowly: true },
  { name: '404 without words', status: 404, body: '', result: 'retry', slowly: true },
  {
    name: '404 in JSON of another',
    status: 404,
    body: '{"error":"no route"}',
    result: 'retry',
    slowly: true,
  },
  { name: '401', status: 401, result: 'retry', slowly: true },
  { name: '403', status: 403, result: 'retry', slowly: true },
  { name: '302', status: 302, result: 'retry', slowly: true },
  { name: '400', status: 400, result: 'refused' },
  { name: '400 in JSON', status: 400, body: '[{"message":"mandatory value"}]', result: 'refused' },
  { name: '400 with a web page', status: 400, body: html, result: 'retry', slowly: true },
  ...[402, 405, 406, 407, 410, 411, 413, 414, 415, 417, 418, 421, 422, 423, 424, 426, 428, 431, 451, 499].map(
    (status) => ({ name: String(status), status, result: 'retry', slowly: true }),
  ),
  { name: '405 of a starting connector', status: 405, body: html, result: 'retry', slowly: true },
  { name: '425', status: 425, result: 'retry', slowly: false },
  { name: '408', status: 408, result: 'retry', slowly: false },
  { name: '429', status: 429, result: 'retry', slowly: false },
  { name: '500', status: 500, result: 'retry', slowly: false },
  { name: '503', status: 503, result: 'retry', slowly: false },
];
for (const { name, status, body = '', result, ...members } of rows) {
  test(`an answer of ${name} means: ${result}`, () => {
    const delivery = classifyAnswer({ got: 'answer', status, body });
    assert.partialDeepStrictEqual(delivery, { result, ...members });
  });
}

test('no answer means: retry, with the problem', () => {
  assert.deepEqual(classifyAnswer({ got: 'nothing', problem: 'ECONNREFUSED' }), {
    result: 'retry',
    problem: 'ECONNREFUSED',
    slowly: false,
  });
});

test('an answer without the process says which settings may be wrong', () => {
  const delivery = classifyAnswer({ got: 'answer', status: 404, body: html });
  assert.ok('problem' in delivery);
  assert.match(delivery.problem, /callbackPrefix, managementUrl or managementVersion/);
});

test('a problem is one short line, whatever was answered', () => {
  const delivery = classifyAnswer({ got: 'answer', status: 400, body: `a\r\nb\u0000${'x'.repeat(5000)}` });
  assert.ok('problem' in delivery);
  assert.match(delivery.problem, /^answered 400: a b xxx/);
  assert.ok(delivery.problem.length < 350);
});
