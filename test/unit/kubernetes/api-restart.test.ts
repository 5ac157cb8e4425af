import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { startTestApi } from '../../support/api-server.ts';
import { waitUntil } from '../../support/wait-until.ts';

const { signal } = new AbortController();

test('a server that is started again has its address, its token, its certificate and its objects', async (t) => {
  const api = await startTestApi();
  t.after(() => api[Symbol.asyncDispose]());
  const kubeconfig = await readFile(api.kubeconfig, 'utf8');
  await api.cluster.configMaps.create({ metadata: { name: 'kept' } }, signal);
  await api.server.stop();
  await assert.rejects(api.cluster.configMaps.get('kept', signal), (error) =>
    isServiceError(error, 'cluster-unavailable'),
  );
  await api.server.start();
  assert.notEqual(await api.cluster.configMaps.get('kept', signal), undefined);
  assert.equal(await readFile(api.kubeconfig, 'utf8'), kubeconfig);
});

test('a watch from before a restart is told to list again, and one from after it goes on', async (t) => {
  const api = await startTestApi();
  t.after(() => api[Symbol.asyncDispose]());
  const { configMaps } = api.cluster;
  const { resourceVersion: old } = await configMaps.list({}, signal);
  await configMaps.create({ metadata: { name: 'first' } }, signal);
  await api.server.stop();
  await api.server.start();
  // A connection of the server's earlier life may still be in the client's hands.
  const { resourceVersion } = await waitUntil('it answers again', () => configMaps.list({}, signal));
  await assert.rejects(firstEvent(configMaps.watch({ resourceVersion: old }, signal)), (error) =>
    isServiceError(error, 'cluster-expired'),
  );
  const next = firstEvent(configMaps.watch({ resourceVersion }, signal));
  await configMaps.create({ metadata: { name: 'second' } }, signal);
  const event = await next;
  assert.ok(event?.type === 'ADDED');
  assert.equal(event.object.metadata?.name, 'second');
});

async function firstEvent<T>(events: AsyncIterable<T>): Promise<T | undefined> {
  for await (const event of events) return event;
  return undefined;
}
