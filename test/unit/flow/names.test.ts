import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowName } from '../../../src/flow/names.ts';

const identity = {
  dialect: 'control-plane',
  connector: 'provider',
  ids: { transferProcessId: 'a', resourceDefinitionId: 'b' },
} as const;

test('the order of the ids does not change a name', () => {
  assert.equal(
    flowName(identity),
    flowName({ ...identity, ids: { resourceDefinitionId: 'b', transferProcessId: 'a' } }),
  );
});

test('a name is a DNS label that leaves room for what is named after it', () => {
  assert.match(flowName(identity), /^flow-[a-z2-7]{26}$/);
});

const others = [
  { name: 'another connector', identity: { ...identity, connector: 'other' } },
  { name: 'another transfer', identity: { ...identity, ids: { ...identity.ids, transferProcessId: 'c' } } },
  {
    name: 'ids that concatenate to the same text',
    identity: { ...identity, ids: { transferProcessId: 'ab', resourceDefinitionId: '' } },
  },
  { name: 'another dialect', identity: { ...identity, dialect: 'rest' as const } },
];

for (const { name, identity: other } of others) {
  test(`${name} is another flow`, () => {
    assert.notEqual(flowName(other), flowName(identity));
  });
}
