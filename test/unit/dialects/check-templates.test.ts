import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInDialects } from '../../../src/dialects/built-in.ts';
import { checkTemplates } from '../../../src/dialects/check-templates.ts';
import { isServiceError } from '../../../src/errors.ts';
import type { Template } from '../../../src/template/template.ts';
import { aTemplate } from '../../support/template-values.ts';
import { postcards } from '../../support/postcard-dialect.ts';
import { aConnector } from '../http/start-http.ts';

const byContract: Partial<Template> = {
  assets: [
    { id: 'a', parameters: {} },
    { id: 'b', parameters: { YEAR: 2014 } },
  ],
  parameters: { type: 'object', properties: { YEAR: { type: 'integer' } }, required: ['YEAR'] },
  fromContract: { YEAR: ['metadata', 'year'] },
};

function warningsOf(
  members: Partial<Template>,
  connectors: { name: string; dialect: string; templates: string[] }[],
): string[] {
  const warnings: string[] = [];
  checkTemplates([aTemplate(members)], {
    dialects: [...builtInDialects, postcards],
    connectors: connectors.map((one) => ({ ...aConnector(one.name, one.templates), ...one })),
    warn: (warning) => warnings.push(warning),
  });
  return warnings;
}

const provisioner = { name: 'edc', dialect: 'control-plane', templates: ['*'] };

test('warns of a connector whose requests do not carry the only source of a required parameter', () => {
  const advice =
    "give it a default or a value in assets[].parameters or job.env, or remove the template from the connector's templates";
  assert.deepEqual(warningsOf(byContract, [provisioner]), [
    `template echo: connector "edc" (control-plane) cannot request "a": the required parameter YEAR comes from metadata.year, which its requests do not carry; ${advice}`,
  ]);
  assert.deepEqual(warningsOf({ ...byContract, assets: [] }, [provisioner]), [
    `template echo: connector "edc" (control-plane) cannot use it: the required parameter YEAR comes from metadata.year, which its requests do not carry; ${advice}`,
  ]);
});

test('warns of no connector that may not use the template, or whose requests carry a contract', () => {
  const others = [
    { ...provisioner, templates: ['another'] },
    { name: 'correspondent', dialect: postcards.name, templates: ['*'] },
  ];
  assert.deepEqual(warningsOf(byContract, others), []);
});

test('refuses a kind of data address that the dialect of a connector cannot carry', () => {
  assert.throws(
    () => warningsOf({ address: 'presigned' }, [{ ...provisioner, dialect: postcards.name }]),
    (error) =>
      isServiceError(error, 'invalid-template') &&
      error.message.startsWith(
        'template echo: dataAddress: expected one of service, the kinds that connector',
      ),
  );
});

for (const dialect of ['control-plane', 'data-plane']) {
  for (const address of ['service', 'presigned'] as const) {
    test(`a connector of ${dialect} gets ${address} addresses`, () => {
      assert.deepEqual(warningsOf({ address }, [{ ...provisioner, dialect }]), []);
    });
  }
}

test('a kind of data address is no concern of a connector that may not request the template', () => {
  const another = { ...provisioner, dialect: postcards.name, templates: ['another'] };
  assert.deepEqual(warningsOf({ address: 'presigned' }, [another]), []);
});
