import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSidecarSettings } from '../../../src/config/sidecar.ts';

const complete = {
  SIDECAR_RESULTS: '/results',
  SIDECAR_STATE: '/state',
  SIDECAR_CREDENTIALS: '/credentials',
  SIDECAR_FLOW: 'flow-1',
  SIDECAR_ATTEMPT: 'uid',
  SIDECAR_ENDPOINT: 'http://store:9000',
  SIDECAR_REGION: 'us-east-1',
  SIDECAR_BUCKET: 'results',
  SIDECAR_GRACE_SECONDS: '600',
  SIDECAR_RELEASE_AFTER_UPLOAD: 'true',
  SIDECAR_TERMINATION_MESSAGE: '/state/message',
};

test('reads what the pod says and knows the rest', () => {
  const settings = loadSidecarSettings(complete);
  assert.equal(settings.graceSeconds, 600);
  assert.equal(settings.releaseAfterUpload, true);
  assert.equal(settings.pollMillis, 2000);
});

test('names every problem at once', () => {
  const wrong = {
    ...complete,
    SIDECAR_FLOW: '',
    SIDECAR_GRACE_SECONDS: '-1',
    SIDECAR_RELEASE_AFTER_UPLOAD: 'yes',
  };
  assert.throws(() => loadSidecarSettings(wrong), {
    code: 'invalid-config',
    message: /SIDECAR_FLOW.*SIDECAR_GRACE_SECONDS.*SIDECAR_RELEASE_AFTER_UPLOAD/,
  });
});

for (const endpoint of [
  'store:9000',
  'ftp://store',
  'http://store/path',
  'http://key:secret@store',
  'http://store?x=y',
]) {
  test(`refuses ${endpoint} as an endpoint`, () => {
    const wrong = { ...complete, SIDECAR_ENDPOINT: endpoint };
    assert.throws(() => loadSidecarSettings(wrong), { code: 'invalid-config', message: /SIDECAR_ENDPOINT/ });
  });
}
