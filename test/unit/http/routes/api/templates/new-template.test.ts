import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NewTemplateSchema } from '../../../../../../src/http/routes/api/templates/template-schema.ts';
import { bodyReader } from '../../../../../../src/schemas/read-body.ts';

const read = bodyReader(NewTemplateSchema);

test('the files of a template have names, and are texts or bytes', () => {
  const files = { 'job.env': 'A=1\n', 'files/logo.png': { base64: 'iVBORw0=' } };
  assert.deepEqual(read({ files }), { files });
  for (const wrong of [{ '': {} }, { '': 'text' }, { ['n'.repeat(301)]: {} }])
    assert.throws(() => read({ files: wrong }), /files: expected names of 1 to 300 characters/);
  for (const content of [{}, null, 1, { base64: 1 }])
    assert.throws(() => read({ files: { 'job.env': content } }), /files\.job\.env/);
});
