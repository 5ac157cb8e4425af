import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { writeResultFolder } from '../../../src/demo/result-folder.ts';

const never = new AbortController().signal;

test('files are written with their folders, below a folder of the flow', async (t) => {
  const output = join(await temporary(t), 'made', 'for it');
  const entries = [{ path: 'a/b c.txt', content: Buffer.from('x') }];
  const folder = await writeResultFolder({ output, name: 'flow-a', entries }, never);
  assert.equal(folder, join(output, 'flow-a'));
  assert.equal(await readFile(join(folder, 'a', 'b c.txt'), 'utf8'), 'x');
});

for (const path of ['../outside.txt', '/outside.txt']) {
  test(`${path} is refused, and nothing is left of the others`, async (t) => {
    const output = await temporary(t);
    const entries = [
      { path: 'inside.txt', content: Buffer.from('x') },
      { path, content: Buffer.from('x') },
    ];
    await assert.rejects(writeResultFolder({ output, name: 'flow-a', entries }, never), /outside/);
    assert.deepEqual(await readdir(output), []);
  });
}

test('an interruption leaves not even the output folder that was made', async (t) => {
  const base = await temporary(t);
  const entries = [{ path: 'inside.txt', content: Buffer.from('x') }];
  const aborted = AbortSignal.abort(new Error('interrupted'));
  await assert.rejects(
    writeResultFolder({ output: join(base, 'out', 'here'), name: 'flow-a', entries }, aborted),
    /interrupted/,
  );
  assert.deepEqual(await readdir(base), []);
});

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'result-folder-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
