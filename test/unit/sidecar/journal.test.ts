import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openJournal, type Journal, type StoredFile } from '../../../src/sidecar/journal.ts';

async function journalPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'journal-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'journal.jsonl');
}
function open(path: string, attempt = 'one'): Journal {
  return openJournal(path, attempt, (error) => {
    throw error;
  });
}
function file(path: string): StoredFile {
  const digests = { sha256: 'aa', crc32: '00000000', etag: 'ee' };
  return {
    path,
    key: path,
    size: 1,
    ...digests,
    modifiedAt: '2026-01-01T00:00:00.000Z',
    identity: `id-${path}`,
  };
}

test('knows after a restart what was stored, released and begun', async (t) => {
  const path = await journalPath(t);
  const first = open(path);
  first.addStored(file('a'));
  first.addStored(file('done/b'));
  first.addReleased('done/b');
  first.addBegun({ key: 'k', uploadId: 'left' });
  first.addBegun({ key: 'k', uploadId: 'finished' });
  first.addEnded({ key: 'k', uploadId: 'finished' });
  first.close();
  const second = open(path);
  assert.deepEqual([...second.stored.values()], [file('a'), { ...file('done/b'), released: true }]);
  assert.deepEqual([...second.open.values()], [{ key: 'k', uploadId: 'left' }]);
  second.close();
});

test('cuts off a torn last line, so that the next one is whole', async (t) => {
  const path = await journalPath(t);
  const first = open(path);
  first.addStored(file('a'));
  first.close();
  await appendFile(path, '{"event":"stored","file":{"path":"tor');
  const second = open(path);
  second.addStored(file('b'));
  second.close();
  const third = open(path);
  assert.deepEqual([...third.stored.keys()], ['a', 'b']);
  third.close();
  for (const line of (await readFile(path, 'utf8')).trimEnd().split('\n')) JSON.parse(line);
});

test('does not take over from another attempt', async (t) => {
  const path = await journalPath(t);
  const first = open(path, 'one');
  first.addStored(file('a'));
  first.close();
  const second = open(path, 'two');
  assert.equal(second.stored.size, 0);
  second.close();
});
