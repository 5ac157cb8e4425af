import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtInDialects } from '../../../src/dialects/built-in.ts';
import { checkTemplates } from '../../../src/dialects/check-templates.ts';
import { dataAddressKinds, type DataAddressKind } from '../../../src/flow/flow-plan.ts';
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

const advice = "change it, or remove the template from the connector's templates";

test('refuses a kind of data address that connectors cannot get, and names each of them', () => {
  const connectors = [
    { ...provisioner, name: 'a', dialect: postcards.name },
    { ...provisioner, name: 'b' },
    { ...provisioner, name: 'c' },
  ];
  function refusal(name: string, dialect: string, kinds: string, why: string): string {
    return `template echo: dataAddress: expected one of ${kinds}, the kinds that connector "${name}" (${dialect}) can get, received s3, since ${why}; ${advice}`;
  }
  const why = 'this generation replaces keyName of a callback’s address, and keeps no secret of the callback';
  assert.throws(
    () => warningsOf({ address: 's3' }, connectors),
    (error) => {
      assert.ok(isServiceError(error, 'invalid-template'));
      assert.deepEqual(error.message.split('\n'), [
        refusal('a', 'postcards', 'service', 'a card has no room for it'),
        refusal('b', 'control-plane', 'service, presigned', why),
        refusal('c', 'control-plane', 'service, presigned', why),
      ]);
      return true;
    },
  );
});

const httpProfiles = ['HttpData-PULL', 'https://w3id.org/dspace-sig/profile/http-pull', 'AmazonS3-PUSH'];
const carried: { dialect: string; members?: object; kinds: DataAddressKind[] }[] = [
  { dialect: 'control-plane', kinds: ['service', 'presigned'] },
  { dialect: 'data-plane', kinds: ['service', 'presigned'] },
  {
    dialect: 'data-plane',
    members: { vault: 'none', managementUrl: 'http://edc/management' },
    kinds: ['service', 'presigned'],
  },
  {
    dialect: 'data-plane',
    members: { vault: 'secrets-api', managementUrl: undefined },
    kinds: ['service', 'presigned'],
  },
  {
    dialect: 'data-plane',
    members: { vault: 'secrets-api', managementUrl: 'http://edc/management' },
    kinds: ['service', 'presigned', 's3'],
  },
  { dialect: 'signaling', members: { profiles: httpProfiles }, kinds: ['service', 'presigned'] },
  {
    dialect: 'signaling',
    members: { profiles: ['AmazonS3-PULL'] },
    kinds: ['service', 'presigned', 's3'],
  },
];
for (const { dialect, members = {}, kinds } of carried) {
  test(`a connector of ${dialect} ${JSON.stringify(members)} gets addresses of ${kinds.join(', ')} alone`, () => {
    const connector = { ...provisioner, dialect, ...members };
    const gets = dataAddressKinds.filter((address) => {
      try {
        return warningsOf({ address }, [connector]).length === 0;
      } catch (error) {
        assert.ok(isServiceError(error, 'invalid-template'));
        return false;
      }
    });
    assert.deepEqual(gets, kinds);
  });
}

test('a kind of data address is no concern of a connector that may not request the template', () => {
  const another = { ...provisioner, dialect: postcards.name, templates: ['another'] };
  assert.deepEqual(warningsOf({ address: 'presigned' }, [another]), []);
});
