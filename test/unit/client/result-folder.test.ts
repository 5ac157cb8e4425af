import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openTemporary, ResultFolder } from '../../../src/client/result-folder.ts';

async function makeFolders(t: TestContext): Promise<{ folder: string; outside: string }> {
  const base = await mkdtemp(join(tmpdir(), 'edc-jp-results-'));
  t.after(() => rm(base, { recursive: true, force: true }));
  const [folder, outside] = [join(base, 'results'), join(base, 'outside')];
  await mkdir(folder);
  await mkdir(outside);
  return { folder, outside };
}

for (const path of ['../a', 'a/../../b', '/etc/passwd', 'a//b', '', '.', '..', 'a/', './a', 'a\0b']) {
  test(`the path ${JSON.stringify(path)} is refused, and nothing is made for it`, async (t) => {
    const { folder } = await makeFolders(t);
    const placing = new ResultFolder(folder).place({ path, sha256: 'f00' });
    await assert.rejects(placing, /expected a path that stays in the folder/);
    assert.deepEqual(await readdir(dirname(folder), { recursive: true }), ['outside', 'results']);
  });
}

test('a path through a link, or through a file, is refused', async (t) => {
  const { folder, outside } = await makeFolders(t);
  await symlink(outside, join(folder, 'link'));
  await writeFile(join(folder, 'file'), '');
  const results = new ResultFolder(folder);
  for (const path of ['link/a', 'link/deeper/a', 'file/a'])
    await assert.rejects(results.place({ path, sha256: 'f00' }), /expected a folder, found a file or a link/);
  assert.deepEqual(await readdir(outside), []);
});

test('a link with the name of the temporary file is not followed', async (t) => {
  const { folder, outside } = await makeFolders(t);
  const { temporary } = await new ResultFolder(folder).place({ path: 'a/b', sha256: 'f00' });
  await symlink(join(outside, 'planted'), temporary);
  await assert.rejects(openTemporary(temporary), { code: 'ELOOP' });
  assert.deepEqual(await readdir(outside), []);
});

test('a temporary name is short, in the same folder, and of one path and one content', async (t) => {
  const { folder } = await makeFolders(t);
  const results = new ResultFolder(folder);
  const long = `a/${'x'.repeat(255)}`;
  const files = [
    { path: long, sha256: 'f00' },
    { path: long, sha256: 'ba2' },
    { path: 'a/b', sha256: 'f00' },
  ];
  const targets = [];
  for (const file of files) targets.push(await results.place(file));
  assert.equal(new Set(targets.map(({ temporary }) => temporary)).size, 3);
  for (const { temporary } of targets) {
    assert.equal(dirname(temporary), join(folder, 'a'));
    await (await openTemporary(temporary)).close();
  }
});
