import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CreationBody, FlowMessageBody } from '../../../src/dialects/signaling/schemas.ts';
import { withNulls } from '../../../src/schemas/with-nulls.ts';

const ajv = new Ajv2020({ strict: false });

test('members that may be absent may be null, also in members that may be so', () => {
  const isValid = ajv.compile(withNulls(FlowMessageBody));
  for (const dataAddress of [null, { endpointType: 'HttpData', endpoint: null, endpointProperties: null }])
    assert.ok(isValid({ messageId: null, reason: null, dataAddress }), ajv.errorsText(isValid.errors));
  assert.ok(!isValid({ reason: 1 }));
  assert.ok(!isValid({ dataAddress: { endpointType: null } }));
});

test('members that are required may not be null', () => {
  const required = Object.fromEntries(CreationBody.required.map((name) => [name, 'one']));
  const isValid = ajv.compile(withNulls(CreationBody));
  assert.ok(isValid({ ...required, labels: null }), ajv.errorsText(isValid.errors));
  assert.ok(!isValid({ ...required, processId: null }));
});
