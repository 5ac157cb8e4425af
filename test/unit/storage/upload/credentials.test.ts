import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createCredentialReader } from '../../../../src/storage/upload/credentials.ts';

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'credentials-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** A clock on which every look comes a second after the one before. */
function ticking(): () => number {
  let now = 0;
  return () => (now += 1000);
}

/** As the kubelet does: a new folder, and a symlink to it renamed over the old one. */
async function mountSecret(folder: string, generation: string, keys: Record<string, string>): Promise<void> {
  await mkdir(join(folder, generation));
  for (const [name, value] of Object.entries(keys)) await writeFile(join(folder, generation, name), value);
  await symlink(generation, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
}

test('follows an update of the mounted Secret, all keys from one generation', async (t) => {
  const folder = await makeFolder(t);
  await mountSecret(folder, '..one', { accessKeyId: 'a1', secretAccessKey: 's1', sessionToken: 't1\n' });
  for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken']) {
    await symlink(join('..data', name), join(folder, name));
  }
  const reader = createCredentialReader(folder, ticking());
  assert.deepEqual(reader.read(), { accessKeyId: 'a1', secretAccessKey: 's1', sessionToken: 't1' });
  await mountSecret(folder, '..two', { accessKeyId: 'a2', secretAccessKey: 's2', sessionToken: 't2' });
  assert.deepEqual(reader.read(), { accessKeyId: 'a2', secretAccessKey: 's2', sessionToken: 't2' });
});

test('reads plain files too, without a session token when there is none', async (t) => {
  const folder = await makeFolder(t);
  await writeFile(join(folder, 'accessKeyId'), 'a');
  await writeFile(join(folder, 'secretAccessKey'), 's');
  assert.deepEqual(createCredentialReader(folder, ticking()).read(), {
    accessKeyId: 'a',
    secretAccessKey: 's',
  });
});

test('names the key that is missing, as something that may still come', async (t) => {
  const folder = await makeFolder(t);
  await writeFile(join(folder, 'accessKeyId'), 'a');
  const reader = createCredentialReader(folder, ticking());
  assert.throws(() => reader.read(), { code: 'store-unavailable', message: /secretAccessKey/ });
  await writeFile(join(folder, 'secretAccessKey'), 's');
  assert.equal(reader.read().secretAccessKey, 's');
  await unlink(join(folder, 'accessKeyId'));
  assert.throws(() => reader.read(), { code: 'store-unavailable', message: /accessKeyId/ });
});

test('looks again at once when the store refused the keys, and not with every request before', async (t) => {
  const folder = await makeFolder(t);
  await writeFile(join(folder, 'accessKeyId'), 'a');
  await writeFile(join(folder, 'secretAccessKey'), 's');
  const reader = createCredentialReader(folder, () => 0);
  assert.equal(reader.read().secretAccessKey, 's');
  await writeFile(join(folder, 'secretAccessKey'), 'other');
  assert.equal(reader.read().secretAccessKey, 's');
  reader.forget();
  assert.equal(reader.read().secretAccessKey, 'other');
});
