import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { findContractNeeds } from '../../../src/template/contract-parameters.ts';
import type { Contract } from '../../../src/template/contract-path.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate, type RenderRequest } from '../../../src/template/render-template.ts';
import type { Template } from '../../../src/template/template.ts';
import { aTemplate } from '../../support/template-values.ts';
import { jobYaml, makeTemplates, templateSettings } from './template-folder.ts';

const year = 'https://w3id.org/edc/v0.0.1/ns/year';
const mapped = `description: Made for tests.
assets:
  - id: open
  - id: fixed
    parameters: { YEAR: 2013 }
parameters:
  properties:
    YEAR: { type: integer, minimum: 2012, maximum: 2015, default: 2015, from: metadata.year }
    PERIOD: { type: string, default: all, from: metadata.range.period }
    EXACT: { type: number, default: 1, from: [metadata, '${year}'] }
    QUICK: { type: boolean, default: false, from: claims.quick }
    UNIT: { type: string, from: claims.unit }
    CPUS: { type: number, default: 0.5, maximum: 64, from: metadata.cpus }
`;

async function load(templateYaml = mapped): Promise<Template> {
  await using made = await makeTemplates({
    'template.yaml': templateYaml,
    'job.yaml': jobYaml.replace('cpu: 500m', 'cpu: ${CPUS}').replace('$(SIZE)', () => '$(YEAR)'),
    'job.env': 'UNIT=celsius\n',
  });
  const [template] = await loadTemplates(made.directory, templateSettings);
  return template ?? assert.fail();
}

const defaults = { YEAR: '2015', PERIOD: 'all', EXACT: '1', QUICK: 'false', UNIT: 'celsius', CPUS: '0.5' };

async function environmentOf(request: Partial<RenderRequest>): Promise<Record<string, string>> {
  return renderTemplate(await load(), { assetId: 'open', parameters: {}, ...request }).environment;
}

async function refusal(
  contract: Contract,
  templateYaml = mapped,
): Promise<{ message: string; field: string | undefined }> {
  const template = await load(templateYaml);
  try {
    renderTemplate(template, { assetId: 'open', parameters: {}, contract });
  } catch (error) {
    if (isServiceError(error, 'invalid-parameters')) return { message: error.message, field: error.field };
    throw error;
  }
  return assert.fail('it was rendered');
}

suite('a parameter with from', () => {
  const rows: { name: string; request: Partial<RenderRequest>; expected: Record<string, string> }[] = [
    { name: 'has its default without a contract', request: {}, expected: {} },
    { name: 'has its default for an empty contract', request: { contract: {} }, expected: {} },
    {
      name: 'has its default if the member is absent or null, at any depth',
      request: { contract: { metadata: { year: null, range: null }, claims: { quick: null } } },
      expected: {},
    },
    {
      name: 'takes the member, by names of any characters',
      request: {
        contract: {
          metadata: { year: 2013, range: { period: 'summer' }, [year]: 2.5 },
          claims: { quick: true },
        },
      },
      expected: { YEAR: '2013', PERIOD: 'summer', EXACT: '2.5', QUICK: 'true' },
    },
    {
      name: 'takes text for numbers and booleans, as EDC may send it',
      request: { contract: { metadata: { year: '2013', [year]: '2.5' }, claims: { quick: 'true' } } },
      expected: { YEAR: '2013', EXACT: '2.5', QUICK: 'true' },
    },
    {
      name: 'takes a whole number that EDC writes with a fraction',
      request: { contract: JSON.parse('{"metadata":{"year":2013.0}}') as Contract },
      expected: { YEAR: '2013' },
    },
    {
      name: 'takes the member over job.env',
      request: { contract: { claims: { unit: 'kelvin' } } },
      expected: { UNIT: 'kelvin' },
    },
    {
      name: 'keeps the value of the asset, whatever the contract says',
      request: { assetId: 'fixed', contract: { metadata: { year: 2014 } } },
      expected: { YEAR: '2013' },
    },
    {
      name: 'keeps the value of the env file, whatever the contract says',
      request: { environment: { YEAR: '2012', UNIT: 'rankine' }, contract: { metadata: { year: 2014 } } },
      expected: { YEAR: '2012', UNIT: 'rankine' },
    },
    {
      name: 'keeps the value of the asset although the contract has an unusable one',
      request: { assetId: 'fixed', contract: { metadata: { year: 'x'.repeat(5000) } } },
      expected: { YEAR: '2013' },
    },
    {
      name: 'is set by no other member of the contract',
      request: { contract: { metadata: { YEAR: 2014, PERIOD: 'x', OTHER: 1 }, claims: { year: 2014 } } },
      expected: {},
    },
  ];
  for (const { name, request, expected } of rows) {
    test(name, async () => {
      assert.deepEqual(await environmentOf(request), { ...defaults, ...expected });
    });
  }

  test('becomes a placeholder’s value, of the parameter’s type', async () => {
    const contract = { metadata: { cpus: '2' } };
    const { job } = renderTemplate(await load(), { assetId: 'open', parameters: {}, contract });
    assert.equal(job.spec?.template.spec?.containers[0]?.resources?.limits?.['cpu'], 2);
  });

  test('ignores inherited members', async () => {
    const inherited = await load(mapped.replace('metadata.year', 'metadata.constructor.name'));
    const { environment } = renderTemplate(inherited, {
      ...{ assetId: 'open', parameters: {} },
      contract: { metadata: {} },
    });
    assert.equal(environment['YEAR'], '2015');
  });
});

suite('a member of the contract is refused', () => {
  const ofYear = 'for the parameter YEAR of template sample';
  const anInteger = 'metadata.year: expected an integer from 2012 up to 2015';
  const rows: { name: string; contract: Contract; message: string }[] = [
    {
      name: 'outside the schema, without its value',
      contract: { metadata: { year: 1999 } },
      message: `${anInteger}, received a number (not shown), ${ofYear}`,
    },
    {
      name: 'of another type, without its value',
      contract: { metadata: { year: 'the last one' } },
      message: `${anInteger}, received a string (not shown), ${ofYear}`,
    },
    {
      name: 'that is a list',
      contract: { metadata: { year: [2014] } },
      message: `${anInteger}, received a list, ${ofYear}`,
    },
    {
      name: 'that is an object',
      contract: { metadata: { year: { '@value': 2014 } } },
      message: `${anInteger}, received an object, ${ofYear}`,
    },
    {
      name: 'that is no finite number',
      contract: JSON.parse('{"metadata":{"year":1e999}}') as Contract,
      message: `${anInteger}, received a number (not shown), ${ofYear}`,
    },
    {
      name: 'by a name of other characters, which is shown as JSON',
      contract: { metadata: { [year]: true } },
      message: `metadata["${year}"]: expected a number, received a boolean (not shown), for the parameter EXACT of template sample`,
    },
    {
      name: 'that would have to be below a value',
      contract: { metadata: { range: 'summer' } },
      message:
        'metadata.range: expected an object, received a string (not shown), for the parameter PERIOD of template sample',
    },
    {
      name: 'that would have to be below a list',
      contract: { metadata: { range: [{ period: 'x' }] } },
      message:
        'metadata.range: expected an object, received a list, for the parameter PERIOD of template sample',
    },
    {
      name: 'above the length of a value',
      contract: { claims: { unit: 'x'.repeat(4097) } },
      message:
        'claims.unit: expected at most 4096 characters, received a string (not shown), for the parameter UNIT of template sample',
    },
    {
      name: 'with a NUL',
      contract: { claims: { unit: 'a\0b' } },
      message:
        'claims.unit: expected text without NUL characters, received a string (not shown), for the parameter UNIT of template sample',
    },
    {
      name: 'that does not fit its place in the Job',
      contract: { metadata: { cpus: -1 } },
      message:
        'metadata.cpus: expected a value that fits its place in the Job, received a number (not shown), for the parameter CPUS of template sample',
    },
  ];
  for (const { name, contract, message } of rows) {
    test(name, async () => {
      const refused = await refusal(contract);
      assert.equal(refused.message, message);
      assert.ok(message.startsWith(`${refused.field}: `));
    });
  }

  test('all at once', async () => {
    const { message } = await refusal({ metadata: { year: 1, [year]: 'x' } });
    assert.match(message, /^metadata\.year: .*; metadata\["https:.*ns\/year"\]: /);
  });

  test('if it is an integer that has lost digits', async () => {
    const contract = JSON.parse('{"metadata":{"year":9007199254740993}}') as Contract;
    const unbounded = mapped.replace('minimum: 2012, maximum: 2015, ', '');
    assert.equal(
      (await refusal(contract, unbounded)).message,
      `metadata.year: expected an integer up to 9007199254740991, received a number (not shown), ${ofYear}`,
    );
  });
});

suite('a required parameter with from', () => {
  const required = mapped.replace('default: 2015, ', '').concat('  required: [YEAR]\n');

  test('is refused by the name of the member that is missing', async () => {
    const { message, field } = await refusal({ metadata: {} }, required);
    assert.equal(
      message,
      'metadata.year: expected an integer from 2012 up to 2015, received nothing, for the parameter YEAR of template sample',
    );
    assert.equal(field, 'metadata.year');
  });

  test('is refused by its own name if the request carries no contract', async () => {
    const lacking = await load(required);
    assert.throws(
      () => renderTemplate(lacking, { assetId: 'open', parameters: {} }),
      /^ServiceError: parameter YEAR: expected an integer from 2012 up to 2015, received nothing$/,
    );
  });

  test('needs no contract for an asset that sets it', async () => {
    const rendered = renderTemplate(await load(required), { assetId: 'fixed', parameters: {} });
    assert.equal(rendered.environment['YEAR'], '2013');
  });

  const fromContract = { YEAR: ['metadata', 'year'] };
  const parameters = {
    type: 'object',
    properties: { YEAR: { type: 'integer' } },
    required: ['YEAR'],
  } as const;
  const open = {
    ...parameters,
    properties: { ...parameters.properties },
    required: [...parameters.required],
  };
  const needs = [
    { name: 'a template without assets', members: {}, assets: [] },
    {
      name: 'the assets that do not set it',
      members: {
        assets: [
          { id: 'a', parameters: { YEAR: 1 } },
          { id: 'b', parameters: {} },
        ],
      },
      assets: ['b'],
    },
    { name: 'no asset if all set it', members: { assets: [{ id: 'a', parameters: { YEAR: 1 } }] } },
    { name: 'no asset if job.env does', members: { environment: { YEAR: '1' } } },
    {
      name: 'no asset if there is a default',
      members: { parameters: { ...open, properties: { YEAR: { type: 'integer', default: 1 } } } },
    },
    { name: 'no asset if it has no from', members: { fromContract: {} } },
  ];
  for (const { name, members, assets } of needs) {
    test(`makes a contract necessary for ${name}`, () => {
      const found = findContractNeeds(aTemplate({ parameters: open, fromContract, ...members }));
      assert.deepEqual(
        found,
        assets === undefined ? [] : [{ parameter: 'YEAR', path: ['metadata', 'year'], assets }],
      );
    });
  }
});
