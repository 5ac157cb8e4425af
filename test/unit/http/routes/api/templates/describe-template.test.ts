import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeTemplate } from '../../../../../../src/http/routes/api/templates/describe-template.ts';
import { aTemplate } from '../../../../../support/template-values.ts';

const publicUrl = 'https://jobs.example';

test('a template is shown without the values of its secret parameters', () => {
  const described = describeTemplate(
    aTemplate({
      name: 'weather',
      parameters: {
        type: 'object',
        properties: { YEAR: { type: 'integer' }, TOKEN: { type: 'string', writeOnly: true } },
        required: [],
      },
      assets: [{ id: 'a', parameters: { YEAR: 2025, TOKEN: 'hidden-token' } }],
    }),
    { publicUrl },
  );
  assert.deepEqual(described.assets, [{ id: 'a', parameters: { YEAR: 2025 } }]);
  assert.ok(!JSON.stringify(described).includes('hidden-token'));
  assert.equal(described.links.self, 'https://jobs.example/api/v1/templates/weather');
});

test('the example names what has neither a default nor a value of the asset, and survives a shell', () => {
  const { example } = describeTemplate(
    aTemplate({
      name: 'odd',
      parameters: {
        type: 'object',
        properties: {
          TEXT: { type: 'string', examples: ["it's"] },
          COUNT: { type: 'integer', minimum: 3 },
          COLOUR: { enum: ['red', 'blue'] },
          FLAG: { type: 'boolean' },
          KNOWN: { type: 'string' },
        },
        required: ['TEXT', 'COUNT', 'COLOUR', 'FLAG', 'KNOWN'],
      },
      assets: [{ id: 'a', parameters: { KNOWN: 'x' } }],
    }),
    { publicUrl },
  );
  const parameters = { TEXT: "it's", COUNT: 3, COLOUR: 'red', FLAG: false };
  assert.deepEqual(example.body, { template: 'odd', parameters });
  assert.ok(example.curl.includes(String.raw`it'\''s`));
});

test('the example for a caller with a key takes it from a variable of the shell', () => {
  const template = aTemplate({ name: 'weather' });
  assert.match(describeTemplate(template, { publicUrl }).example.curl, /^curl --json '/);
  assert.match(
    describeTemplate(template, { publicUrl, keyed: true }).example.curl,
    /^curl --header "Authorization: Bearer \$KEY" --json '/,
  );
});
