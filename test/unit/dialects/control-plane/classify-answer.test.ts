import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classifyAnswer } from '../../../../src/dialects/control-plane/classify-answer.ts';

function conflict(state: string): string {
  const message = `Could not execute AddProvisionedResourceCommand on TransferProcess with ID 1 because it's ${state}`;
  return JSON.stringify([{ message, type: 'ObjectConflict', path: null, invalidValue: null }]);
}
const leased = '[{"message":"Entity 1 is already leased","type":"ObjectConflict"}]';
const unknown =
  '[{"message":"Object of type TransferProcess with ID=1 was not found","type":"ObjectNotFound"}]';
const html = '<html><title>Error 404</title> /management/v3/transferprocesses/1/terminate</html>';

/** Answers to a message that EDC has read (the mappers of milestone 6 to 0.15.1), and to one that Jackson could not read. */
const refusals = [
  '[{"message":"assetId cannot be null","type":"ValidationFailure","path":"assetId","invalidValue":null}]',
  '[{"message":"mandatory value","type":"ValidationFailure","path":"reason","invalidValue":{"cut":"at the lim',
  '[{"message":"Request body cannot be null","type":"InvalidRequest","path":null,"invalidValue":null}]',
  '[ {\n  "type" : "{jakarta.validation.constraints.NotNull.message}",\n  "message" : "must not be null"\n} ]',
  "Could not resolve subtype of [simple type, class X]: missing type id property 'edctype'\n at [Source: (org.glassfish.jersey.X); line: 1, column: 99]",
  "Unrecognized token 'x': was expecting a JSON value\n at [Source: REDACTED (`StreamReadFeature` disabled); line: 1, column: 2]",
];
const otherBodies = [
  '',
  '   ',
  'Bad Request',
  'Invalid host header',
  '400 Bad Request at the gateway',
  html,
  `<pre>Could not read at [Source: x]</pre>`,
  '{"url":"/callback","status":"400","message":"Bad Request","servlet":"EDC-provision"}',
  '{"message":"Bad Request"}',
  '{"type":"about:blank","title":"Bad Request","status":400}',
  '[]',
  '["Bad Request"]',
  '[{"error":"no route"}]',
];

const rows = [
  { name: '204', status: 204, result: 'delivered' },
  { name: '200', status: 200, result: 'delivered' },
  {
    name: '409 of a started process',
    status: 409,
    body: conflict('STARTED'),
    result: 'obsolete',
    state: 'STARTED',
    ended: false,
  },
  {
    name: '409 of a terminated process',
    status: 409,
    body: conflict('TERMINATED'),
    result: 'obsolete',
    state: 'TERMINATED',
    ended: true,
  },
  {
    name: '409 in lower case',
    status: 409,
    body: conflict('Deprovisioning'),
    result: 'obsolete',
    state: 'DEPROVISIONING',
    ended: true,
  },
  {
    name: '409 of a process that still waits',
    status: 409,
    body: conflict('PROVISIONING_REQUESTED'),
    result: 'failed',
    slowly: false,
  },
  { name: '409 of a leased process', status: 409, body: leased, result: 'failed', slowly: false },
  { name: '409 without words', status: 409, body: '', result: 'failed', slowly: false },
  {
    name: '404 that names the process',
    status: 404,
    body: unknown,
    result: 'obsolete',
    state: 'UNKNOWN',
    ended: true,
  },
  { name: '404 of a web server', status: 404, body: html, result: 'failed', slowly: true },
  { name: '404 without words', status: 404, body: '', result: 'failed', slowly: true },
  {
    name: '404 in JSON of another',
    status: 404,
    body: '{"error":"no route"}',
    result: 'failed',
    slowly: true,
  },
  { name: '401', status: 401, result: 'failed', slowly: true },
  { name: '403', status: 403, result: 'failed', slowly: true },
  { name: '302', status: 302, result: 'failed', slowly: true },
  ...refusals.map((body) => ({
    name: `400 of EDC: ${JSON.stringify(body)}`,
    status: 400,
    body,
    result: 'rejected',
  })),
  ...otherBodies.map((body) => ({
    name: `400 of another: ${JSON.stringify(body)}`,
    status: 400,
    body,
    result: 'failed',
    slowly: true,
  })),
  ...[402, 405, 406, 407, 410, 411, 413, 414, 415, 417, 418, 421, 422, 423, 424, 426, 428, 431, 451, 499].map(
    (status) => ({ name: String(status), status, result: 'failed', slowly: true }),
  ),
  { name: '405 of a starting connector', status: 405, body: html, result: 'failed', slowly: true },
  { name: '425', status: 425, result: 'failed', slowly: false },
  { name: '408', status: 408, result: 'failed', slowly: false },
  { name: '429', status: 429, result: 'failed', slowly: false },
  { name: '500', status: 500, result: 'failed', slowly: false },
  { name: '503', status: 503, result: 'failed', slowly: false },
];
for (const { name, status, body = '', result, ...members } of rows) {
  test(`an answer of ${name} means: ${result}`, () => {
    const delivery = classifyAnswer({ got: 'answer', status, body });
    assert.partialDeepStrictEqual(delivery, { result, ...members });
  });
}

test('no answer means: retry, with the problem', () => {
  assert.deepEqual(classifyAnswer({ got: 'nothing', problem: 'ECONNREFUSED', sent: true }), {
    result: 'failed',
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
  const delivery = classifyAnswer({
    got: 'answer',
    status: 400,
    body: `A\r\nb\u0000 at [Source: ${'x'.repeat(5000)}`,
  });
  assert.ok('problem' in delivery);
  assert.match(delivery.problem, /^answered 400: A b {2}at \[Source: xxx/);
  assert.ok(delivery.problem.length < 350);
});
