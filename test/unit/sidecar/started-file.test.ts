import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSidecar } from '../../../src/sidecar/run-sidecar.ts';
import { waitUntil } from '../../support/wait-until.ts';

test('the startup probe does not pass on what an earlier process of the pod left, but once this one is ready', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sidecar-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [results, state, credentials] = ['results', 'state', 'credentials'].map((name) => join(folder, name));
  assert.ok(results !== undefined && state !== undefined && credentials !== undefined);
  await mkdir(state);
  const started = join(state, 'started');
  await writeFile(started, '');
  const terminate = new AbortController();
  const settings = {
    ...{ results, state, credentials, flow: 'flow-test', attempt: 'attempt', endpoint: 'http://127.0.0.1:9' },
    ...{ region: 'us-east-1', bucket: 'results', graceSeconds: 1, releaseAfterUpload: false },
    ...{ terminationMessage: join(folder, 'message'), pollMillis: 10, settleMillis: 10, progressMillis: 10 },
    requestTimeoutMillis: 100,
  };
  // It cannot begin: there is no folder for the results yet.
  const ended = runSidecar(settings, () => undefined, terminate.signal);
  assert.equal(existsSync(started), false);
  await mkdir(results);
  await waitUntil('it is ready', () => existsSync(started));
  terminate.abort();
  assert.equal(await ended, 1);
});
