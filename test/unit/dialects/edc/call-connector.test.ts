import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redactOwn, type ConnectorDelivery } from '../../../../src/dialects/edc/call-connector.ts';
import { anS3Address } from '../s3-address.ts';

test('what a connector says of a delivery keeps no secret of an address of S3', () => {
  const delivery = {
    key: undefined,
    message: { kind: 'results', address: anS3Address },
    redact: (text: string) => text,
  } as unknown as ConnectorDelivery;
  const { secretAccessKey, sessionToken, accessKeyId } = anS3Address.keys;
  const { redact } = redactOwn(delivery);
  assert.equal(
    redact(`${accessKeyId} ${secretAccessKey} ${encodeURIComponent(sessionToken)}`),
    'ASIA1 [redacted] [redacted]',
  );
});
