import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../src/config/config.ts';
import { loadShipped, startTemplates } from '../../src/start-templates.ts';
import { memoryLog } from '../support/memory-log.ts';
import { openStoreAccess } from '../support/store-access.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { waitUntil } from '../support/wait-until.ts';
import { makeTemplates, templateSettings } from './template/template-folder.ts';

test('a start waits until the stored templates can be read, and follows them until the service stops', async (t) => {
  const made = await makeTemplates(shellTemplate({ script: 'true' }), 'shipped');
  t.after(() => made[Symbol.asyncDispose]());
  const { store, uploads } = await openStoreAccess(t);
  const down = { times: 1 };
  const clients = {
    store: {
      ...store,
      list(prefix: string, signal: AbortSignal) {
        if (down.times === 0) return store.list(prefix, signal);
        down.times -= 1;
        throw new Error('the store is down');
      },
    },
    uploads,
    close: () => Promise.resolve(),
  };
  const { log, entries } = memoryLog();
  const { directory } = made;
  const templates = { directory, writable: true, refreshSeconds: 0.01, maxBytes: 1, maxStored: 1 };
  const config = { ...templateSettings, connectors: [], templates } as unknown as Config;
  const stopping = new AbortController();
  const shipped = await loadShipped({ config, log, dialects: [] });
  const started = await startTemplates(shipped, clients, stopping.signal);
  assert.equal(entries('stored templates cannot be read').length, 1);

  const other = await startTemplates(shipped, clients, stopping.signal);
  const files = shellTemplate({ script: 'echo' });
  const wanted = { name: 'towns', files, by: 'ann', check: () => undefined };
  await other.catalog.put(wanted, stopping.signal);
  await waitUntil('the first replica has it', () => started.catalog.templates.length === 2);
  down.times = 2;
  await waitUntil('it is read again', () => entries('stored templates are read again').length > 0);
  assert.ok(started.catalog.templates.length === 2);
  stopping.abort(new Error('stops'));
  await Promise.all([started.followed, other.followed]);

  const off = { ...config, templates: { ...templates, writable: false } };
  const offStarted = await startTemplates({ ...shipped, config: off }, clients, stopping.signal);
  assert.deepEqual(
    offStarted.catalog.templates.map(({ name }) => name),
    ['shipped'],
  );
});
