import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { after, before, test, type TestContext } from 'node:test';
import { crc32 } from 'node:zlib';
import { startFaultyProxy } from '../../support/faulty-proxy.ts';
import { SidecarProcess, type SidecarOptions } from '../../support/sidecar-process.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';
import { waitUntil } from '../../support/wait-until.ts';

let store: TestStore;
before(async () => {
  store = await openTestStore();
});
after(async () => store[Symbol.asyncDispose]());

function hex(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

async function freshSidecar(options: SidecarOptions = {}): Promise<SidecarProcess> {
  return SidecarProcess.create(store, options);
}

test('stores every file, nested, empty or oddly named, and describes each in the manifest', async () => {
  await using sidecar = await freshSidecar();
  const files: Record<string, Buffer> = {
    'a.txt': Buffer.from('hello'),
    empty: Buffer.alloc(0),
    'sub/deep/.hidden': Buffer.from('dot'),
    'two words/ünï 日本.csv': Buffer.from('1;2'),
    'new\nline': Buffer.from('x'),
    "q'uote+%41": Buffer.from('y'),
    // Encoded, one is the beginning of the other, and a store may not hold both a key and keys below it.
    [`ü${'n'.repeat(148)}`]: Buffer.from('long'),
    [`ü${'n'.repeat(148)}.bak`]: Buffer.from('longer'),
    'one-part.bin': randomBytes(8 * 1024 * 1024),
    'parts.bin': randomBytes(20 * 1024 * 1024 + 17),
  };
  await sidecar.start();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(sidecar.results, path, '..'), { recursive: true });
    await writeFile(join(sidecar.results, path), content);
  }
  assert.equal(await sidecar.end(), 0);
  const manifest = await sidecar.manifest();
  assert.deepEqual(
    manifest.files.map((file) => file.path),
    Object.keys(files).sort((a, b) => (a < b ? -1 : 1)),
  );
  const listed = new Set(await sidecar.storedKeys());
  for (const { path, key, size, sha256, crc32: checksum } of manifest.files) {
    const content = files[path] ?? Buffer.from('none');
    assert.deepEqual(
      { size, sha256, checksum },
      { size: content.length, sha256: hex(content), checksum: crc32(content).toString(16).padStart(8, '0') },
      path,
    );
    assert.match(key, /^[A-Za-z0-9._/-]+$/);
    assert.ok(listed.has(`files/${key}`), key);
    assert.equal(hex(await sidecar.content(key)), sha256, path);
  }
  const report = await sidecar.report();
  assert.ok('manifest' in report);
  const stored = await sidecar.manifestBytes();
  const bytes = Object.values(files).reduce((sum, content) => sum + content.length, 0);
  assert.equal(report.manifest.sha256, hex(stored));
  assert.equal(report.manifest.files, manifest.files.length);
  assert.equal(report.manifest.bytes, bytes);
});

test('writes a manifest of no files for results that are empty', async () => {
  await using sidecar = await freshSidecar();
  await sidecar.start();
  assert.equal(await sidecar.end(), 0);
  assert.deepEqual((await sidecar.manifest()).files, []);
});

test('stores settled files during the run, and those that changed again at the end', async () => {
  await using sidecar = await freshSidecar();
  await sidecar.start();
  await writeFile(join(sidecar.results, 'kept'), 'kept');
  await writeFile(join(sidecar.results, 'grows'), 'one');
  await writeFile(join(sidecar.results, 'removed'), 'gone');
  await waitUntil('three files to be stored', async () => new Set(await sidecar.storedPaths()).size === 3);
  await appendFile(join(sidecar.results, 'grows'), ' two');
  await rm(join(sidecar.results, 'removed'));
  assert.equal(await sidecar.end(), 0);
  const manifest = await sidecar.manifest();
  assert.deepEqual(
    manifest.files.map((file) => file.path),
    ['grows', 'kept'],
  );
  assert.equal((await sidecar.content('grows')).toString(), 'one two');
  assert.equal(manifest.files[0]?.sha256, hex('one two'));
  assert.equal((await sidecar.storedPaths()).filter((path) => path === 'kept').length, 1);
});

test('goes on where it was when it is killed and started again, whatever its last journal line looks like', async () => {
  await using sidecar = await freshSidecar();
  await sidecar.start();
  await writeFile(join(sidecar.results, 'first'), 'first');
  await waitUntil('the file to be stored', async () => (await sidecar.storedPaths()).includes('first'));
  await sidecar.end('SIGKILL');
  await appendFile(join(sidecar.folder, 'state', 'journal.jsonl'), '{"event":"stored","file":{"pa');
  await sidecar.start();
  await writeFile(join(sidecar.results, 'second'), 'second');
  assert.equal(await sidecar.end(), 0);
  assert.deepEqual(
    (await sidecar.manifest()).files.map((file) => file.path),
    ['first', 'second'],
  );
  assert.deepEqual(await sidecar.storedPaths(), ['first', 'second']);
});

test('frees a file renamed into done/ once it is stored, and keeps it in the manifest', async () => {
  await using sidecar = await freshSidecar({ env: { SIDECAR_RELEASE_AFTER_UPLOAD: 'true' } });
  await sidecar.start();
  await mkdir(join(sidecar.results, 'done'));
  await writeFile(join(sidecar.results, 'part-1.tmp'), 'part one');
  await rename(join(sidecar.results, 'part-1.tmp'), join(sidecar.results, 'done', 'part-1'));
  await waitUntil('the file to be freed', () => !existsSync(join(sidecar.results, 'done', 'part-1')));
  await writeFile(join(sidecar.results, 'rest'), 'rest');
  assert.equal(await sidecar.end(), 0);
  const paths = (await sidecar.manifest()).files.map((file) => file.path);
  assert.deepEqual(paths, ['done/part-1', 'rest']);
  assert.equal((await sidecar.content('done/part-1')).toString(), 'part one');
});

const refusals = [
  {
    name: 'a symlink that leaves the results',
    path: 'way-out',
    make: (results: string) => symlink('../credentials/secretAccessKey', join(results, 'way-out')),
    says: /leaves the results/,
  },
  {
    name: 'a symlink to a folder that leaves the results',
    path: 'folder',
    make: (results: string) => symlink('/etc', join(results, 'folder')),
    says: /leaves the results/,
  },
  {
    name: 'a symlink to nothing',
    path: 'dangling',
    make: (results: string) => symlink('nowhere', join(results, 'dangling')),
    says: /points at nothing/,
  },
  {
    name: 'a socket',
    path: 'socket',
    make: async (results: string, t: TestContext) => {
      const server = createServer().listen(join(results, 'socket'));
      t.after(() => server.close());
      await once(server, 'listening');
    },
    says: /is a socket/,
  },
];
for (const { name, path, make, says } of refusals) {
  test(`refuses ${name}, naming it, and writes no manifest`, async (t) => {
    await using sidecar = await freshSidecar();
    await sidecar.start();
    await make(sidecar.results, t);
    assert.equal(await sidecar.end(), 1);
    const report = await sidecar.report();
    assert.ok('error' in report);
    assert.equal(report.error.path, path);
    assert.match(report.error.message, says);
    assert.ok(!(await sidecar.storedKeys()).includes('manifest.json'));
  });
}

test('follows a symlink to a file inside and stores it under its own path', async () => {
  await using sidecar = await freshSidecar();
  await sidecar.start();
  await writeFile(join(sidecar.results, 'run-7.csv'), 'seven');
  await symlink('run-7.csv', join(sidecar.results, 'latest.csv'));
  assert.equal(await sidecar.end(), 0);
  assert.equal((await sidecar.content('latest.csv')).toString(), 'seven');
});

const asRoot = process.getuid?.() === 0;
test('tells an unreadable file with its mode', async () => {
  // Root reads everything.
  await using sidecar = await freshSidecar(asRoot ? { uid: 65_534 } : {});
  await sidecar.start();
  await writeFile(join(sidecar.results, 'secret'), 'x');
  await chmod(join(sidecar.results, 'secret'), 0o200);
  assert.equal(await sidecar.end(), 1);
  const report = await sidecar.report();
  assert.ok('error' in report);
  assert.equal(report.error.path, 'secret');
  assert.match(report.error.message, /mode 0200/);
});

test('lives through a store that is away, resets, hangs or is busy, and ends well once it is back', async () => {
  await using proxy = await startFaultyProxy(store.endpoint);
  await using sidecar = await freshSidecar({ endpoint: proxy.url });
  proxy.fault = ({ number }) => {
    if (number % 2 === 0) return undefined;
    if (number % 3 === 0) return { kind: 'reset', when: number % 4 === 1 ? 'before' : 'after' };
    return number === 5 ? { kind: 'hang', when: 'after' } : { kind: 'status', when: 'before', status: 503 };
  };
  await sidecar.start();
  const big = randomBytes(30 * 1024 * 1024);
  await writeFile(join(sidecar.results, 'big'), big);
  await writeFile(join(sidecar.results, 'small'), 'small');
  assert.equal(await sidecar.end(), 0);
  assert.equal(hex(await sidecar.content('big')), hex(big));
  assert.deepEqual(
    (await sidecar.manifest()).files.map((file) => file.sha256),
    [hex(big), hex('small')],
  );
});

test('does not end before SIGTERM though every request fails, and then says why within its grace', async () => {
  await using proxy = await startFaultyProxy(store.endpoint);
  await using sidecar = await freshSidecar({ endpoint: proxy.url, env: { SIDECAR_GRACE_SECONDS: '2' } });
  const body = '<Error><Code>SlowDown</Code><Message>too much</Message></Error>';
  proxy.fault = () => ({ kind: 'status', when: 'before', status: 503, body });
  await sidecar.start();
  await writeFile(join(sidecar.results, 'a'), 'a');
  await waitUntil('three requests to fail', () => proxy.requests.length >= 3);
  assert.ok(sidecar.isRunning());
  assert.equal(await sidecar.end(), 1);
  const report = await sidecar.report();
  assert.ok('error' in report);
  assert.match(report.error.message, /SlowDown/);
});

test('follows keys that are renewed under it', async () => {
  await using sidecar = await freshSidecar();
  await sidecar.writeCredentials({ secretAccessKey: 'expired' });
  await sidecar.start();
  await writeFile(join(sidecar.results, 'a'), 'a');
  await waitUntil('the store to refuse the keys', () => /403/.test(sidecar.log.join('')));
  await sidecar.writeCredentials(store.keys);
  await waitUntil('the file to be stored', async () => (await sidecar.storedPaths()).includes('a'));
  assert.equal(await sidecar.end(), 0);
});

test('aborts the multipart upload that a killed process left behind', async () => {
  await using proxy = await startFaultyProxy(store.endpoint);
  await using sidecar = await freshSidecar({ endpoint: proxy.url });
  proxy.fault = ({ path }) => (path.includes('partNumber=2') ? { kind: 'hang', when: 'before' } : undefined);
  await sidecar.start();
  await writeFile(join(sidecar.results, 'big'), randomBytes(20 * 1024 * 1024));
  await waitUntil('the second part', () => proxy.requests.some(({ path }) => path.includes('partNumber=2')));
  await sidecar.end('SIGKILL');
  assert.equal(await sidecar.openUploads('big'), 1);
  proxy.fault = () => undefined;
  await sidecar.start();
  assert.equal(await sidecar.end(), 0);
  assert.equal(await sidecar.openUploads('big'), 0);
});

test('ends at once, naming every variable, when it is not told what to do', async () => {
  await using sidecar = await freshSidecar({ env: { SIDECAR_FLOW: '', SIDECAR_GRACE_SECONDS: 'soon' } });
  await assert.rejects(sidecar.start(), /ended/);
  assert.match(sidecar.log.join(''), /SIDECAR_FLOW is not set; SIDECAR_GRACE_SECONDS must be/);
});
