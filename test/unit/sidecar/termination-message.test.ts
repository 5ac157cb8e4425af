import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../src/errors.ts';
import { failureReport, terminationMessage } from '../../../src/sidecar/termination-message.ts';

const long = 5000;
const rows = [
  { name: 'plain letters', text: 'a' },
  { name: 'control characters, six bytes each as JSON', text: '\u0001' },
  { name: 'halves of emoji at the cut', text: '😀' },
];
for (const { name, text } of rows) {
  test(`stays JSON within 4,096 bytes: ${name}`, () => {
    const error = new ServiceError('forbidden', text.repeat(long), { field: text.repeat(long) });
    const message = terminationMessage(failureReport(error));
    assert.ok(Buffer.byteLength(message) <= 4096, `${Buffer.byteLength(message)} bytes`);
    const { error: told } = JSON.parse(message) as { error: { message: string; path: string } };
    assert.ok(told.message.length > 0 && told.path.length > 0);
  });
}

test('names the path of a refused result, and none for other failures', () => {
  const refusal = new ServiceError('forbidden', 'is a socket', { field: 'x/y' });
  assert.deepEqual(failureReport(refusal), { error: { message: 'is a socket', path: 'x/y' } });
  assert.deepEqual(failureReport(new Error('bad disk')), { error: { message: 'bad disk' } });
});
