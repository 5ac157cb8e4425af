import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { walkResults } from '../../../src/sidecar/walk-results.ts';

async function makeResults(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'walk-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

test('finds every file below, sorted by path in code unit order', async (t) => {
  const root = await makeResults(t);
  await mkdir(join(root, 'b', 'deep'), { recursive: true });
  await mkdir(join(root, 'empty'));
  for (const path of ['b/deep/.x', 'b.txt', 'a', 'Z', 'ü']) await writeFile(join(root, path), path);
  const { files, refusals } = await walkResults(root);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['Z', 'a', 'b.txt', 'b/deep/.x', 'ü'],
  );
  assert.deepEqual(refusals, []);
});

test('sees that a file changed though its size and mtime are as before', async (t) => {
  const root = await makeResults(t);
  const path = join(root, 'a');
  await writeFile(path, 'one');
  await utimes(path, 1_600_000_000, 1_600_000_000);
  const [before] = (await walkResults(root)).files;
  await writeFile(path, 'two');
  await utimes(path, 1_600_000_000, 1_600_000_000);
  const [after] = (await walkResults(root)).files;
  assert.equal(before?.modifiedMillis, after?.modifiedMillis);
  assert.notEqual(before?.identity, after?.identity);
});

test('refuses a symlink to a folder inside, since folders may link to each other in circles', async (t) => {
  const root = await makeResults(t);
  await mkdir(join(root, 'run-1'));
  await writeFile(join(root, 'run-1', 'a'), 'a');
  await symlink('run-1', join(root, 'latest'));
  await symlink('..', join(root, 'run-1', 'up'));
  const { files, refusals } = await walkResults(root);
  assert.deepEqual(
    files.map(({ path }) => path),
    ['run-1/a'],
  );
  assert.deepEqual(refusals.map(({ field }) => field).sort(), ['latest', 'run-1/up']);
});

test('follows a symlink from a sibling whose name begins like the results’ own only if it is inside', async (t) => {
  const parent = await makeResults(t);
  await mkdir(join(parent, 'results'));
  await mkdir(join(parent, 'results-of-others'));
  await writeFile(join(parent, 'results-of-others', 'secret'), 'x');
  await symlink('../results-of-others/secret', join(parent, 'results', 'link'));
  const { files, refusals } = await walkResults(join(parent, 'results'));
  assert.deepEqual(files, []);
  assert.match(refusals[0]?.message ?? '', /leaves the results/);
});

test(
  'refuses a name that is not UTF-8 instead of losing the file',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const root = await makeResults(t);
    await writeFile(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff])]), 'x');
    const { refusals } = await walkResults(root);
    assert.match(refusals[0]?.message ?? '', /not UTF-8 \(bytes 66ff\)/);
  },
);

test('stops at more files than can be described', async (t) => {
  const root = await makeResults(t);
  for (const name of ['a', 'b', 'c']) await writeFile(join(root, name), '');
  await assert.rejects(walkResults(root, 2), { code: 'payload-too-large', message: /more than 2 files/ });
});
