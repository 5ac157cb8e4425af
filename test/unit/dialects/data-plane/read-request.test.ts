import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlPlane } from '../../../../src/dialects/control-plane/index.ts';
import { dataPlane } from '../../../../src/dialects/data-plane/index.ts';
import { readDataPlaneRequest } from '../../../../src/dialects/data-plane/read-request.ts';
import { readTraffic } from '../read-traffic.ts';

const body = {
  type: 'provision',
  provisionResourceId: 'resource',
  flowId: 'flow',
  callbackAddress: 'http://edc.example.org/provisioning',
};
const nowhere = { template: undefined, assetId: undefined };

for (const version of ['0.15.1', '0.17.0', '0.18.0']) {
  test(`recorded requests are told from those of a control plane by their body: ${version}`, async () => {
    const traffic = await readTraffic(`${version}-data-plane-push`);
    for (const recorded of traffic.filter(({ kind }) => kind === 'request')) {
      const message = JSON.parse(recorded.body) as object;
      assert.deepEqual(
        [dataPlane, controlPlane].map(({ requests }) => requests?.recognizes(message)),
        [true, false],
      );
      const { ids } = readDataPlaneRequest(message, { ...nowhere, assetId: 'urn:asset:1' });
      assert.deepEqual(Object.keys(ids), ['flowId', 'provisionResourceId']);
    }
  });
}

test('the asset is that of the URL, else the template', () => {
  const named = { template: 'echo', assetId: 'urn:asset:1' };
  assert.equal(readDataPlaneRequest(body, named).assetId, 'urn:asset:1');
  assert.equal(readDataPlaneRequest(body, { ...named, assetId: undefined }).assetId, 'echo');
});

test('a provision without either can never be served, in words that say where to put it; a deprovision needs none', () => {
  for (const assetId of [undefined, '', 'a\nb', 'x'.repeat(1025)]) {
    const { problem, assetId: read } = readDataPlaneRequest(body, { ...nowhere, assetId });
    assert.match(problem?.message ?? '', /^assetId: expected .*baseUrl$/);
    assert.equal(read, '');
  }
  assert.equal(readDataPlaneRequest({ ...body, type: 'deprovision' }, nowhere).problem, undefined);
});

test('each member that is missing is named', () => {
  assert.throws(
    () => readDataPlaneRequest({ callbackAddress: 'x' }, nowhere),
    /type: .*flowId: .*provisionResourceId: .*callbackAddress: |flowId/,
  );
});
