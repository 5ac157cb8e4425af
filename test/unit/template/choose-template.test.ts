import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { assetParameters, chooseTemplate } from '../../../src/template/choose-template.ts';
import type { Template, TemplateAsset } from '../../../src/template/template.ts';

function template(name: string, ...assets: TemplateAsset[]): Template {
  return { name, assets } as Partial<Template> as Template;
}

const templates = [
  template('plain'),
  template('weather', { id: 'urn:weather:*', parameters: { A: 1 } }),
  template(
    'storms',
    { id: 'urn:weather:storm:*', parameters: { A: 2 } },
    { id: 'plain-asset', parameters: {} },
  ),
  template('exact', { id: 'urn:weather:storm:7', parameters: { A: 3 } }),
];

suite('the template of a request', () => {
  const rows = [
    {
      name: 'is the one in its path, whatever the asset',
      given: { template: 'plain', assetId: 'urn:weather:1' },
      expected: 'plain',
    },
    { name: 'is the one that lists the asset', given: { assetId: 'plain-asset' }, expected: 'storms' },
    { name: 'may list it by a pattern', given: { assetId: 'urn:weather:1' }, expected: 'weather' },
    { name: 'is that of the longest pattern', given: { assetId: 'urn:weather:storm:1' }, expected: 'storms' },
    {
      name: 'is that of the exact id before any pattern',
      given: { assetId: 'urn:weather:storm:7' },
      expected: 'exact',
    },
    {
      name: 'is the one named like the asset if none lists it',
      given: { assetId: 'plain' },
      expected: 'plain',
    },
  ];
  for (const { name, given, expected } of rows) {
    test(name, () => {
      assert.equal(chooseTemplate(templates, given).name, expected);
    });
  }

  const unknown = [
    {
      name: 'no template has the name',
      given: { template: 'other', assetId: 'plain' },
      message: 'there is no template "other"; expected one of exact, plain, storms, weather',
    },
    {
      name: 'no template serves the asset',
      given: { assetId: 'urn:x' },
      message:
        'no template serves the asset "urn:x" or has its name; expected one of exact, plain, storms, weather',
    },
  ];
  for (const { name, given, message } of unknown) {
    test(`is unknown if ${name}`, () => {
      assert.throws(
        () => chooseTemplate(templates, given),
        (error) => isServiceError(error, 'unknown-template') && error.message === message,
      );
    });
  }
});

test('an asset’s parameters are those of its closest entry', () => {
  const both = template('both', { id: 'a*', parameters: { A: 1 } }, { id: 'ab', parameters: { A: 2 } });
  assert.deepEqual(
    ['ab', 'abc', 'x'].map((id) => assetParameters(both, id)),
    [{ A: 2 }, { A: 1 }, {}],
  );
});
