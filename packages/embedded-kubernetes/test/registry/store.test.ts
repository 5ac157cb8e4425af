import assert from 'node:assert/strict';
import test from 'node:test';

import { aConfigMap, aRegistry, keyOf } from './sample-objects.ts';

test('every listener hears changes in the same order, also those a listener causes', () => {
  const registry = aRegistry();
  const heard: string[][] = [[], []];
  registry.subscribe((event) => {
    heard[0]?.push(`${event.type} ${event.object.metadata.name}`);
    if (event.type === 'ADDED' && event.object.metadata.name === 'first')
      registry.create('configmaps', aConfigMap('second'));
  });
  registry.subscribe((event) => {
    heard[1]?.push(`${event.type} ${event.object.metadata.name}`);
  });
  registry.create('configmaps', aConfigMap('first'));
  assert.deepEqual(heard[0], ['ADDED first', 'ADDED second']);
  assert.deepEqual(heard[1], heard[0]);
});

test('versions only grow, over all kinds, deletions included', () => {
  const registry = aRegistry();
  const versions: number[] = [];
  registry.subscribe((event) => versions.push(Number(event.object.metadata.resourceVersion)));
  registry.create('configmaps', aConfigMap('a'));
  registry.create('secrets', aConfigMap('a', { data: {} }));
  registry.delete(keyOf('configmaps', 'a'));
  assert.equal(versions.length, 3);
  assert.deepEqual(
    versions,
    versions.toSorted((first, second) => first - second),
  );
  assert.equal(registry.resourceVersion, String(versions.at(-1)));
});

test('an unsubscribed listener hears nothing more', () => {
  const registry = aRegistry();
  let count = 0;
  const end = registry.subscribe(() => (count += 1));
  registry.create('configmaps', aConfigMap('a'));
  end();
  registry.create('configmaps', aConfigMap('b'));
  assert.equal(count, 1);
});

test('lists are sorted by namespace and name', () => {
  const registry = aRegistry();
  for (const name of ['c', 'a', 'b']) registry.create('configmaps', aConfigMap(name));
  const names = registry.list('configmaps', 'default').items.map(({ metadata }) => metadata.name);
  assert.deepEqual(names, ['a', 'b', 'c']);
});
