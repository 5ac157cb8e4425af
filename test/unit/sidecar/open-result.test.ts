import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openResult } from '../../../src/sidecar/open-result.ts';
import { walkResults } from '../../../src/sidecar/walk-results.ts';

test('does not follow a folder that became a symlink out of the results after the look', async (t) => {
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'open-')));
  t.after(() => rm(parent, { recursive: true }));
  const root = join(parent, 'results');
  await mkdir(join(root, 'sub'), { recursive: true });
  await mkdir(join(parent, 'keys'));
  await writeFile(join(root, 'sub', 'secret'), 'harmless');
  await writeFile(join(parent, 'keys', 'secret'), 'the keys');
  const [file] = (await walkResults(root)).files;
  assert.ok(file);
  await rename(join(root, 'sub'), join(root, 'moved'));
  await symlink('../keys', join(root, 'sub'));
  await assert.rejects(openResult(root, file), { code: 'forbidden', message: /leaves the results/ });
});

test('tells when the file changes while it is open, and that a file is gone', async (t) => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'open-')));
  t.after(() => rm(root, { recursive: true }));
  await writeFile(join(root, 'a'), 'one');
  const [file] = (await walkResults(root)).files;
  assert.ok(file);
  const opened = await openResult(root, file);
  assert.ok(opened);
  assert.equal(await opened.isUnchanged(), true);
  await appendFile(join(root, 'a'), 'two');
  assert.equal(await opened.isUnchanged(), false);
  await opened.close();
  await rm(join(root, 'a'));
  assert.equal(await openResult(root, file), undefined);
});
