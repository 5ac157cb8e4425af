import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildSinkSecret,
  buildUploadResource,
  readSinkSecret,
  readUploadResource,
} from '../../../src/cluster-objects/secrets.ts';

const sink = { url: 'http://sink.test/inbox', headers: { authorization: 'Bearer abc' } };
const resource = { url: 'http://sink.test/uploads/1', etag: '"a"' };

test('the upload resource is kept beside the sink that has offered it', () => {
  const secret = buildSinkSecret('flow-a', sink);
  assert.equal(readUploadResource(secret, sink), undefined);
  const patched = { ...secret, data: { ...secret.data, ...buildUploadResource(sink, resource).data } };
  assert.deepEqual(readSinkSecret(patched), sink);
  assert.deepEqual(readUploadResource(patched, sink), resource);
  assert.equal(readUploadResource(patched, { url: 'http://sink.test/other' }), undefined);
});

for (const text of ['', 'no JSON', 'null', '1', '{"sink":"http://sink.test/inbox","url":1}']) {
  test(`an upload resource that was changed by hand is as good as absent: ${text}`, () => {
    const data = { upload: Buffer.from(text).toString('base64') };
    assert.equal(readUploadResource({ ...buildSinkSecret('flow-a', sink), data }, sink), undefined);
  });
}
