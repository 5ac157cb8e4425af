import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { startTestApi, type TestApi } from '../../support/api-server.ts';

const { signal } = new AbortController();
let api: TestApi;
before(async () => {
  api = await startTestApi();
});
after(() => api[Symbol.asyncDispose]());

function configMap(name: string, data: Record<string, string> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { suite: name.split('-')[0] ?? '' } },
    data,
  };
}

test('an absent object is undefined, not an error', async () => {
  assert.equal(await api.cluster.configMaps.get('absent', signal), undefined);
  assert.equal(await api.cluster.configMaps.delete('absent', {}, signal), undefined);
});

test('a second creation is cluster-exists', async () => {
  await api.cluster.configMaps.create(configMap('twice'), signal);
  await assert.rejects(api.cluster.configMaps.create(configMap('twice'), signal), (error) =>
    isServiceError(error, 'cluster-exists'),
  );
});

test('an addition is a creation whose answer is not read', async () => {
  await api.cluster.configMaps.add(configMap('added', { a: '1' }), signal);
  assert.equal((await api.cluster.configMaps.get('added', signal))?.data?.['a'], '1');
  await assert.rejects(api.cluster.configMaps.add(configMap('added'), signal), (error) =>
    isServiceError(error, 'cluster-exists'),
  );
});

test('a patch with a stale resourceVersion is cluster-conflict and changes nothing', async () => {
  const made = await api.cluster.configMaps.create(configMap('stale', { a: '1' }), signal);
  await api.cluster.configMaps.patch('stale', { data: { a: '2' } }, signal);
  const patch = { metadata: { resourceVersion: made.metadata?.resourceVersion }, data: { a: '3' } };
  await assert.rejects(api.cluster.configMaps.patch('stale', patch, signal), (error) =>
    isServiceError(error, 'cluster-conflict'),
  );
  assert.equal((await api.cluster.configMaps.get('stale', signal))?.data?.['a'], '2');
});

test('what the API server refuses keeps its words', async () => {
  const invalid = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'Not_A_Name' } };
  await assert.rejects(api.cluster.configMaps.create(invalid, signal), (error) => {
    assert.ok(isServiceError(error, 'cluster-refused'));
    assert.match(error.message, /422.*metadata\.name/s);
    return true;
  });
});

test('a list comes in pages that together are everything once', async () => {
  for (let index = 0; index < 7; index += 1)
    await api.cluster.configMaps.create(configMap(`page-${index}`), signal);
  const names: string[] = [];
  let next: string | undefined;
  do {
    const page = await api.cluster.configMaps.list(
      { labelSelector: 'suite=page', limit: 3, ...(next === undefined ? {} : { continue: next }) },
      signal,
    );
    assert.ok(page.items.length <= 3);
    names.push(...page.items.map(({ metadata }) => metadata?.name ?? ''));
    next = page.continue;
  } while (next !== undefined);
  assert.deepEqual(
    names.sort(),
    [0, 1, 2, 3, 4, 5, 6].map((index) => `page-${index}`),
  );
});

test('a call with an aborted signal is cluster-unavailable', async () => {
  await assert.rejects(api.cluster.configMaps.get('x', AbortSignal.abort()), (error) =>
    isServiceError(error, 'cluster-unavailable'),
  );
});

test("the server's version is read and new enough", async () => {
  assert.match(await api.cluster.checkVersion(signal), /^v1\.\d+/);
});
