import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readProgress, type FlowProgress } from '../../../src/flow/progress.ts';
import { SidecarProcess } from '../../support/sidecar-process.ts';
import { openTestStore, readObject, type TestStore } from '../../support/test-store.ts';
import { waitUntil } from '../../support/wait-until.ts';

let store: TestStore;
before(async () => {
  store = await openTestStore();
});
after(async () => store[Symbol.asyncDispose]());

test('the progress has what is stored and what the worker says, whatever lies at its name, and is no result', async () => {
  await using sidecar = await SidecarProcess.create(store, {
    env: { SIDECAR_PROGRESS_MILLIS: '20', SIDECAR_POLL_MILLIS: '20', SIDECAR_SETTLE_MILLIS: '1' },
  });
  const { flow, attempt, results } = sidecar;
  const path = join(results, 'progress');
  async function untilReported(matches: (progress: FlowProgress) => boolean): Promise<void> {
    await waitUntil('the progress is reported', async () => {
      const bytes = await readObject(store, `flows/${flow}/${attempt}/progress.json`).catch(() => undefined);
      const progress = bytes && readProgress(bytes.toString('utf8'));
      return progress !== undefined && matches(progress);
    });
  }
  /** As a worker should: a reader sees no half of it. */
  async function say(text: string): Promise<void> {
    await writeFile(join(sidecar.folder, 'next'), text);
    await rename(join(sidecar.folder, 'next'), path);
  }
  await sidecar.start();
  await say('7');
  await untilReported(({ worker, files }) => worker?.percent === 7 && files === 0);
  await writeFile(join(results, 'a.txt'), 'hello');
  await untilReported(({ files, bytes, worker }) => files === 1 && bytes === 5 && worker?.percent === 7);
  await say('{"percent": 50, "message": "half"}');
  await untilReported(({ worker }) => worker?.message === 'half');
  await say(`{"percent": 60, "message": "${'x'.repeat(5000)}"}`);
  await untilReported(({ worker }) => worker === undefined);
  await say('70');
  await untilReported(({ worker }) => worker?.percent === 70);
  await rm(path);
  execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', path]);
  await untilReported(({ worker }) => worker === undefined);
  await rm(path);
  await say('80');
  await untilReported(({ worker }) => worker?.percent === 80);
  await rm(path);
  // Files of that name elsewhere are results.
  await mkdir(join(results, 'sub'));
  await writeFile(join(results, 'sub', 'progress'), '1');
  await symlink('a.txt', path);
  await untilReported(({ worker }) => worker === undefined);
  await rm(path);
  await say('100');
  assert.equal(await sidecar.end(), 0);
  const { files } = await sidecar.manifest();
  assert.deepEqual(
    files.map((file) => file.path),
    ['a.txt', 'sub/progress'],
  );
});
