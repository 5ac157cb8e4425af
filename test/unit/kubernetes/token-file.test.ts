import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { openTokenFile } from '../../../src/kubernetes/token-file.ts';

interface Rewritten {
  path: string;
  clock: { millis: number };
  file: ReturnType<typeof openTokenFile>;
}

async function openWith(t: TestContext, content: string): Promise<Rewritten> {
  const folder = await mkdtemp(join(tmpdir(), 'edc-jp-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'token');
  await writeFile(path, content);
  const clock = { millis: 0 };
  return { path, clock, file: openTokenFile(path, () => clock.millis) };
}

test('a token is what the file holds, without the end of its line', async (t) => {
  const { file } = await openWith(t, 'first\n');
  assert.equal(await file.token(), 'first');
});

test('a rewritten file is read within half a minute', async (t) => {
  const { file, path, clock } = await openWith(t, 'first');
  await file.token();
  await writeFile(path, 'second');
  assert.equal(await file.token(), 'first');
  clock.millis = 30_000;
  assert.equal(await file.token(), 'second');
});

test('a rewritten file is read at once when the token is refused', async (t) => {
  const { file, path } = await openWith(t, 'first');
  const token = await file.token();
  await writeFile(path, 'second');
  file.refused(token);
  assert.equal(await file.token(), 'second');
});

test('a late refusal of the old token does not discard the new one', async (t) => {
  const { file, path } = await openWith(t, 'first');
  file.refused(await file.token());
  await writeFile(path, 'second');
  assert.equal(await file.token(), 'second');
  await writeFile(path, 'third');
  file.refused('first');
  assert.equal(await file.token(), 'second');
});

for (const { name, spoil } of [
  { name: 'empty', spoil: (path: string) => writeFile(path, '\n') },
  { name: 'gone', spoil: (path: string) => rm(path) },
]) {
  test(`a file that is ${name} for a moment makes the cluster unavailable, and is read again`, async (t) => {
    const { file, path } = await openWith(t, 'first');
    await spoil(path);
    await assert.rejects(file.token(), (error) => isServiceError(error, 'cluster-unavailable'));
    await writeFile(path, 'second');
    assert.equal(await file.token(), 'second');
  });
}
