import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import type { ConfigMap } from '../../../../src/kubernetes/types.ts';
import { createLogger } from '../../../../src/log.ts';
import {
  startInformer,
  type Informer,
  type InformerOptions,
} from '../../../../src/reconciler/machinery/informer.ts';
import type { Change } from '../../../../src/reconciler/machinery/object-cache.ts';
import { startTestApi, type TestApi } from '../../../support/api-server.ts';
import { waitUntil } from '../../../support/wait-until.ts';

interface Seen {
  resourceVersion: string;
  value: string;
}

const { signal } = new AbortController();

function configMap(
  name: string,
  value: string,
  labels: Record<string, string> = { watched: 'yes' },
): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { value } };
}

function inform(
  api: TestApi,
  ending: AbortSignal,
  options: Partial<InformerOptions<ConfigMap, Seen>> = {},
): Informer<ConfigMap, Seen> {
  return startInformer<ConfigMap, Seen>(
    {
      kind: 'configmaps',
      client: api.cluster.configMaps,
      labelSelector: 'watched=yes',
      keyOf: (object) => object.metadata?.name ?? '',
      project: (object) => ({
        resourceVersion: object.metadata?.resourceVersion ?? '',
        value: object.data?.['value'] ?? '',
      }),
      onChange: () => undefined,
      relistMillis: 600_000,
      backoff: { firstMillis: 5, maxMillis: 50 },
      log: createLogger('silent'),
      ...options,
    },
    ending,
  );
}

/** The API's client, but `interrupt` comes before each watch: it may wait, throw, or end the watch before it has begun. */
function interrupted(api: TestApi, interrupt: (watch: number) => Promise<'follow'> | 'end' | 'follow') {
  const counted = { watches: 0, client: { ...api.cluster.configMaps } };
  counted.client.watch = async function* (options, watching) {
    counted.watches += 1;
    if ((await interrupt(counted.watches)) === 'follow')
      yield* api.cluster.configMaps.watch(options, watching);
  };
  return counted;
}

/** A logger that keeps how many failures each warning counts. */
function countFailures() {
  const log = createLogger('silent');
  const failures: number[] = [];
  log.warn = (entry: { failures: number }) => failures.push(entry.failures);
  return { log, failures };
}

test('the cache follows creation, change, loss of the label and deletion', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  await api.cluster.configMaps.create(configMap('before', '1'), signal);
  await api.cluster.configMaps.create(configMap('unlabelled', '1', {}), signal);
  const informer = inform(api, ending.signal);
  await informer.synced;
  assert.equal(informer.get('before')?.value, '1');
  assert.equal(informer.get('unlabelled'), undefined);

  await api.cluster.configMaps.create(configMap('later', '1'), signal);
  await waitUntil('the new object', () => informer.get('later'));
  await api.cluster.configMaps.patch('before', { data: { value: '2' } }, signal);
  await waitUntil('the change', () => informer.get('before')?.value === '2');
  await api.cluster.configMaps.patch('before', { metadata: { labels: { watched: null } } }, signal);
  await waitUntil('the object to leave the selection', () => informer.get('before') === undefined);
  await api.cluster.configMaps.delete('later', {}, signal);
  await waitUntil('the deletion', () => informer.get('later') === undefined);
  ending.abort();
  await informer.ended;
});

test('a watch that is too old is begun again with a list, and what was missed is seen', async () => {
  await using api = await startTestApi({ historyLength: 3 });
  const ending = new AbortController();
  const gate = Promise.withResolvers<undefined>();
  // The first watch begins only after the history has gone past its version: a real server then answers 410.
  const flaky = interrupted(api, async (watch): Promise<'follow'> => {
    if (watch === 1) await gate.promise;
    return 'follow';
  });
  const informer = inform(api, ending.signal, { client: flaky.client });
  await informer.synced;
  for (let index = 0; index < 10; index += 1)
    await api.cluster.configMaps.create(configMap(`missed-${index}`, 'x'), signal);
  gate.resolve(undefined);
  await waitUntil('all that was missed', () => [...informer.values()].length === 10);
  assert.ok(flaky.watches >= 2);
  ending.abort();
  await informer.ended;
});

test('a server whose history is too short again and again is given pauses', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  const flaky = interrupted(api, (watch) => {
    if (watch <= 4) throw new ServiceError('cluster-expired', 'too old resource version');
    return 'follow';
  });
  const { log, failures } = countFailures();
  const informer = inform(api, ending.signal, { client: flaky.client, log });
  await waitUntil('a watch that stands', () => flaky.watches === 5);
  assert.deepEqual(failures, [2, 3, 4], 'the first time a list helps at once');
  ending.abort();
  await informer.ended;
});

test('a watch that breaks is begun again, and each break is reported', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  const flaky = interrupted(api, (watch) => {
    if (watch <= 3) throw new Error('connection reset');
    return 'follow';
  });
  const broken: string[] = [];
  const informer = inform(api, ending.signal, { client: flaky.client, onBreak: (kind) => broken.push(kind) });
  await informer.synced;
  await waitUntil('the fourth watch', () => flaky.watches === 4);
  await api.cluster.configMaps.create(configMap('seen', '1'), signal);
  await waitUntil('a change after the breaks', () => informer.get('seen'));
  assert.deepEqual(broken, ['configmaps', 'configmaps', 'configmaps']);
  ending.abort();
  await informer.ended;
});

test('an echo of the past does not undo what a write of our own answered', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  const old = await api.cluster.configMaps.create(configMap('a', '1'), signal);
  const informer = inform(api, ending.signal);
  await informer.synced;
  informer.update(await api.cluster.configMaps.patch('a', { data: { value: '2' } }, signal));
  informer.update(old);
  assert.equal(informer.get('a')?.value, '2');
  ending.abort();
  await informer.ended;
});

test('an object that cannot be read keeps nobody from seeing the others', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  await api.cluster.configMaps.create(configMap('broken', 'broken'), signal);
  await api.cluster.configMaps.create(configMap('well', '1'), signal);
  const informer = inform(api, ending.signal, {
    project(object) {
      const value = object.data?.['value'] ?? '';
      if (value === 'broken') throw new Error('not JSON any more');
      return { resourceVersion: object.metadata?.resourceVersion ?? '', value };
    },
  });
  await waitUntil('the other one', () => informer.get('well'));
  await informer.synced;
  await api.cluster.configMaps.create(configMap('also-broken', 'broken'), signal);
  await api.cluster.configMaps.create(configMap('later', '1'), signal);
  await waitUntil('one that comes later', () => informer.get('later'));
  assert.equal(informer.get('broken'), undefined);

  await api.cluster.configMaps.patch('broken', { data: { value: 'repaired' } }, signal);
  await waitUntil('the repaired one', () => informer.get('broken')?.value === 'repaired');
  ending.abort();
  await informer.ended;
});

test('a watch that is closed in order as soon as it stands is a failure with back-off', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  const flaky = interrupted(api, (watch) => (watch > 3 ? 'follow' : 'end'));
  const { log, failures } = countFailures();
  const informer = inform(api, ending.signal, { client: flaky.client, log });
  await waitUntil('a watch that stands', () => flaky.watches === 4);
  assert.deepEqual(failures, [1, 2, 3]);
  await api.cluster.configMaps.create(configMap('later', '1'), signal);
  await waitUntil('an event', () => informer.get('later'));
  ending.abort();
  await informer.ended;
});

interface Told {
  key: string;
  value: string;
  change: Change;
}

async function informAndListen(
  api: TestApi,
  ending: AbortSignal,
  more: Partial<InformerOptions<ConfigMap, Seen>> = {},
) {
  const told: Told[] = [];
  const informer = inform(api, ending, {
    onChange: (key, { value }, change) => told.push({ key, value, change }),
    ...more,
  });
  await informer.synced;
  return { informer, told };
}

/** Until all that happened before has come through the watch. */
async function catchUp(api: TestApi, informer: Informer<ConfigMap, Seen>, name: string): Promise<void> {
  await api.cluster.configMaps.create(configMap(name, 'marker'), signal);
  await waitUntil('the marker', () => informer.get(name));
}

test('a write of our own is told as such, and its echo is no change, whichever of the two comes first', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  await api.cluster.configMaps.create(configMap('a', '1'), signal);
  const { informer, told } = await informAndListen(api, ending.signal);
  informer.update(await api.cluster.configMaps.patch('a', { data: { value: '2' } }, signal));
  await catchUp(api, informer, 'one');
  const late = await api.cluster.configMaps.patch('a', { data: { value: '3' } }, signal);
  await catchUp(api, informer, 'two');
  informer.update(late);
  assert.deepEqual(
    told.filter(({ key }) => key === 'a'),
    [
      { key: 'a', value: '1', change: { gone: false, own: false } },
      { key: 'a', value: '2', change: { gone: false, own: true } },
      { key: 'a', value: '3', change: { gone: false, own: false } },
    ],
  );
  ending.abort();
  await informer.ended;
});

test('a change of what is not kept of an object is no change', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  await api.cluster.configMaps.create(configMap('a', '1'), signal);
  const { informer, told } = await informAndListen(api, ending.signal);
  const { metadata } = await api.cluster.configMaps.patch('a', { data: { heartbeat: 'x' } }, signal);
  await catchUp(api, informer, 'marker');
  assert.equal(told.filter(({ key }) => key === 'a').length, 1);
  assert.equal(informer.get('a')?.resourceVersion, metadata?.resourceVersion);
  ending.abort();
  await informer.ended;
});

test('an answer that comes after the deletion, or ends the selection, does not bring the object back', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  for (const name of ['deleted', 'unlabelled', 'closed'])
    await api.cluster.configMaps.create(configMap(name, '1'), signal);
  const { informer } = await informAndListen(api, ending.signal, {
    selects: ({ value }) => value !== 'closed',
  });
  const answer = await api.cluster.configMaps.patch('deleted', { data: { value: '2' } }, signal);
  await api.cluster.configMaps.delete('deleted', {}, signal);
  const left = await api.cluster.configMaps.patch(
    'unlabelled',
    { metadata: { labels: { watched: null } } },
    signal,
  );
  await catchUp(api, informer, 'marker');
  informer.update(answer);
  informer.update(left);
  informer.update(await api.cluster.configMaps.patch('closed', { data: { value: 'closed' } }, signal));
  for (const name of ['deleted', 'unlabelled', 'closed']) assert.equal(informer.get(name), undefined, name);

  await api.cluster.configMaps.create(configMap('deleted', 'new'), signal);
  await waitUntil('another one of the same name', () => informer.get('deleted')?.value === 'new');
  ending.abort();
  await informer.ended;
});

test('an informer that ends before its first list says so to those who wait for it', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  const client = { ...api.cluster.configMaps, scan: () => Promise.reject(new Error('nobody is there')) };
  const informer = inform(api, ending.signal, { client });
  ending.abort();
  assert.equal(await informer.synced, false);
  await informer.ended;
});

test('an event that comes late or twice changes nothing, and the position never leaves one out', async () => {
  await using api = await startTestApi();
  const ending = new AbortController();
  await api.cluster.configMaps.create(configMap('a', '1'), signal);
  const events: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: ConfigMap }[] = [];
  const sent = Promise.withResolvers<undefined>();
  const client = {
    ...api.cluster.configMaps,
    async *watch() {
      await sent.promise;
      yield* events;
      await new Promise(() => undefined);
    },
  };
  const seen: number[] = [];
  const { informer, told } = await informAndListen(api, ending.signal, {
    client,
    onChange: (key, { value, resourceVersion }, change) => {
      told.push({ key, value, change });
      seen.push(Number(resourceVersion) - informer.position());
    },
  });
  const first = informer.position();
  const second = await api.cluster.configMaps.patch('a', { data: { value: '2' } }, signal);
  const third = await api.cluster.configMaps.patch('a', { data: { value: '3' } }, signal);
  for (const object of [third, second, third]) events.push({ type: 'MODIFIED', object });
  sent.resolve(undefined);
  await waitUntil('the last change', () => informer.get('a')?.value === '3');
  await waitUntil('all events', () => informer.position() === Number(third.metadata?.resourceVersion));
  assert.ok(informer.position() > first);
  assert.deepEqual(
    told.map(({ value }) => value),
    ['3'],
  );
  assert.deepEqual(seen, [0], 'the position is that of the change when it is told');
  ending.abort();
});

/** A client whose lists fail until told otherwise, and whose watches are counted. */
function countingClient(api: TestApi) {
  const counts = { lists: 0, watches: 0, fails: false };
  const client: InformerOptions<ConfigMap, Seen>['client'] = {
    scan: async (...call) => {
      counts.lists += 1;
      if (counts.fails) throw new ServiceError('cluster-unavailable', 'down');
      return await api.cluster.configMaps.scan(...call);
    },
    watch: (...call) => {
      counts.watches += 1;
      return api.cluster.configMaps.watch(...call);
    },
  };
  return { client, counts };
}

test('a refresh ends the pause after a failure, and opens a watch again that was silent, without a list', async (t) => {
  await using api = await startTestApi();
  const ending = new AbortController();
  const { client, counts } = countingClient(api);
  counts.fails = true;
  const backoff = { firstMillis: 3600_000, maxMillis: 3600_000 };
  // The pause before the first list is bounded: this one is after it.
  t.mock.method(performance, 'now', () => elapsed);
  let elapsed = 0;
  const informer = inform(api, ending.signal, { client, backoff });
  await waitUntil('the failure', () => informer.status().error);
  assert.deepEqual(informer.status().synced, false);
  counts.fails = false;
  informer.refresh();
  await informer.synced;
  assert.equal(counts.lists, 2);
  assert.deepEqual(informer.status(), { synced: true, silentMillis: 0, error: undefined });
  await waitUntil('its watch', () => counts.watches === 1);

  informer.refresh();
  elapsed = 60_000;
  assert.equal(informer.status().silentMillis, 60_000);
  await api.cluster.configMaps.create(configMap('before', '1'), signal);
  await waitUntil('the event', () => informer.get('before'));
  assert.equal(counts.watches, 1, 'it was heard from just now');
  elapsed = 120_000;
  informer.refresh();
  await waitUntil('another watch', () => counts.watches === 2);
  await api.cluster.configMaps.create(configMap('later', '1'), signal);
  await waitUntil('an event on it', () => informer.get('later'));
  assert.equal(counts.lists, 2);
  ending.abort();
  await informer.ended;
});
