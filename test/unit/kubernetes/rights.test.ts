import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { describeRights, findMissingRights, neededRights } from '../../../src/kubernetes/rights.ts';
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

test('a right on a subresource is asked for as the API server knows it', async () => {
  const asked: unknown[] = [];
  const connection = {
    json: ({ body }: { body?: unknown }) => {
      const { spec } = body as { spec: { resourceAttributes: { subresource?: string } } };
      asked.push(spec.resourceAttributes);
      return Promise.resolve({ status: { allowed: spec.resourceAttributes.subresource === undefined } });
    },
  };
  const missing = await findMissingRights(connection, 'jobs', AbortSignal.timeout(30_000));
  assert.equal(describeRights(missing), 'get of pods/log');
  const attributes = { group: '', verb: 'get', namespace: 'jobs', resource: 'pods', subresource: 'log' };
  assert.ok(asked.some((one) => isDeepStrictEqual(one, attributes)));
});
