import assert from 'node:assert/strict';
import test from 'node:test';

import { aConfigMap, keyOf } from '../registry/sample-objects.ts';
import { paths, startTestApi, type Watcher } from './test-api.ts';

async function nextTitle(watcher: Watcher): Promise<string> {
  const { type, object } = await watcher.next();
  return `${type} ${object.metadata.name}`;
}

test('a watch from a version repeats what came after it and goes on, without gap', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('configmaps', aConfigMap('a'));
  const since = api.registry.resourceVersion;
  api.registry.create('configmaps', aConfigMap('b'));
  const watcher = await api.watch(`${paths.configMaps}?watch=true&resourceVersion=${since}`);
  api.registry.update(keyOf('configmaps', 'b'), { data: {} });
  api.registry.delete(keyOf('configmaps', 'a'));
  assert.equal(await nextTitle(watcher), 'ADDED b');
  assert.equal(await nextTitle(watcher), 'MODIFIED b');
  assert.equal(await nextTitle(watcher), 'DELETED a');
});

test('a watch without version shows first what there is', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('configmaps', aConfigMap('a'));
  const watcher = await api.watch(`${paths.configMaps}?watch=1`);
  assert.equal(await nextTitle(watcher), 'ADDED a');
});

test('an object that leaves or enters a selection is deleted or added to the watcher', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('configmaps', aConfigMap('a', { metadata: { labels: { app: 'x' } } }));
  const watcher = await api.watch(`${paths.configMaps}?watch=1&labelSelector=app=x`);
  assert.equal(await nextTitle(watcher), 'ADDED a');
  const left = api.registry.update(keyOf('configmaps', 'a'), { metadata: { labels: {} }, data: {} });
  const line = await watcher.next();
  assert.deepEqual(
    [line.type, line.object.metadata.resourceVersion],
    ['DELETED', left.metadata.resourceVersion],
  );
  api.registry.update(keyOf('configmaps', 'a'), { metadata: { labels: { app: 'x' } } });
  assert.equal(await nextTitle(watcher), 'ADDED a');
});

test('a watch of one namespace sees nothing of another', async (t) => {
  const api = await startTestApi(t);
  api.registry.create('namespaces', { metadata: { name: 'other' } });
  const watcher = await api.watch(`${paths.configMaps}?watch=1`);
  api.registry.create('configmaps', { metadata: { name: 'foreign', namespace: 'other' } });
  api.registry.create('configmaps', aConfigMap('own'));
  assert.equal(await nextTitle(watcher), 'ADDED own');
});

for (const { name, version } of [
  { name: 'too old', version: '1' },
  { name: 'of another life of the cluster', version: '999999' },
]) {
  test(`a version that is ${name} ends the watch with 410 Expired`, async (t) => {
    const api = await startTestApi(t, { historyLength: 2 });
    for (let index = 0; index < 10; index += 1) api.registry.create('configmaps', aConfigMap(`c${index}`));
    const watcher = await api.watch(`${paths.configMaps}?watch=1&resourceVersion=${version}`);
    const { type, object } = await watcher.next();
    assert.deepEqual([type, object.kind, object.code], ['ERROR', 'Status', 410]);
    assert.equal(await watcher.ended(), true);
  });
}

test('bookmarks come while nothing happens, with the latest version', async (t) => {
  const api = await startTestApi(t, { bookmarkIntervalMs: 5 });
  const since = api.registry.resourceVersion;
  api.registry.create('secrets', { metadata: { name: 's', namespace: 'default' } });
  const watcher = await api.watch(
    `${paths.configMaps}?watch=1&resourceVersion=${since}&allowWatchBookmarks=true`,
  );
  const { type, object } = await watcher.next();
  assert.deepEqual(
    [type, object.kind, object.metadata.resourceVersion],
    ['BOOKMARK', 'ConfigMap', api.registry.resourceVersion],
  );
});

test('a watch ends when its time is over, with a bookmark to go on from', async (t) => {
  const api = await startTestApi(t);
  const query = `watch=1&resourceVersion=${api.registry.resourceVersion}&timeoutSeconds=0&allowWatchBookmarks=true`;
  const watcher = await api.watch(`${paths.configMaps}?${query}`);
  assert.equal((await watcher.next()).type, 'BOOKMARK');
  assert.equal(await watcher.ended(), true);
});

test('stopping the server ends its watches', async (t) => {
  const api = await startTestApi(t);
  const watcher = await api.watch(`${paths.configMaps}?watch=1`);
  await api.stop();
  assert.equal(await watcher.ended(), true);
});

test('a watcher that does not read is cut off instead of filling the memory', async (t) => {
  const api = await startTestApi(t);
  const watcher = await api.watch(`${paths.configMaps}?watch=1`);
  const written = 40;
  for (let index = 0; index < written; index += 1) {
    api.registry.create('configmaps', aConfigMap(`c${index}`, { data: { key: 'x'.repeat(1_000_000) } }));
  }
  let seen = 0;
  await assert.rejects(async () => {
    for (; seen < written; seen += 1) await watcher.next();
  });
  assert.ok(seen < written);
});
