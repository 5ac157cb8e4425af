import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { describeRights, neededRights } from '../../../src/kubernetes/rights.ts';
import { readGrants } from '../../servers/compare-audit.ts';

test('the rights that a start asks for are those that the deployed Role grants', async () => {
  const role = await readFile(new URL('../../../deploy/base/rbac.yaml', import.meta.url), 'utf8');
  const asked = neededRights.map(
    ({ group, resource, verb }) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`,
  );
  assert.deepEqual(asked.sort(), [...readGrants(role)].sort());
});

test('missing rights are told by resource', () => {
  const rights = [
    { group: 'batch', resource: 'jobs', verb: 'create' },
    { group: 'batch', resource: 'jobs', verb: 'watch' },
    { group: '', resource: 'events', verb: 'list' },
  ];
  assert.equal(describeRights(rights), 'create, watch of jobs.batch; list of events');
});
