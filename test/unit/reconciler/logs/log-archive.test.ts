import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ServiceError } from '../../../../src/errors.ts';
import { readAttempt, type Attempt } from '../../../../src/flow/attempt.ts';
import type { Flow } from '../../../../src/flow/flow.ts';
import { createLogArchive } from '../../../../src/reconciler/logs/log-archive.ts';
import { listArchivedLogs, openArchivedLog } from '../../../../src/requests/logs/archived-log.ts';
import { aFlow, at } from '../../../support/flow-values.ts';
import { memoryStore, type MemoryStore } from '../../result/stored-results.ts';

type Deps = Parameters<typeof createLogArchive>[0];

const { signal } = new AbortController();
const uid = '0b5f1f0e-6d5c-4a43-9d35-2d0e6f6b7a11';
const secret = 'a-key-that-nobody-may-read';
const time = '2026-11-28T12:00:00.000000001Z';

interface Situation {
  store?: MemoryStore;
  flow?: Partial<Flow>;
  log?: () => AsyncIterable<Buffer> | Iterable<Buffer>;
  secrets?: Record<string, string>;
  keptLogBytes?: number;
}

function archiveOf({ store = memoryStore(), flow = {}, log, secrets = {}, keptLogBytes = 1000 }: Situation) {
  const warnings: string[] = [];
  const opened: string[] = [];
  const found = aFlow({ name: 'flow-a', ...flow });
  const deps = {
    store,
    cache: { flow: () => found },
    config: { pods: { keptLogBytes } },
    log: pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) }),
    cluster: {
      openLog: async (pod: string) => {
        opened.push(pod);
        const chunks = log?.() ?? [Buffer.from(`${time} first ${secret}\n${time} last\n`)];
        return await Promise.resolve(
          (async function* () {
            yield* chunks;
          })(),
        );
      },
      secrets: {
        list: ({ fieldSelector = '' }) => {
          const value = secrets[fieldSelector.split('=')[1] ?? ''];
          const data = { KEY: Buffer.from(value ?? '').toString('base64') };
          return Promise.resolve({ items: value === undefined ? [] : [{ data }] });
        },
      },
    },
  } as unknown as Deps;
  return { archive: createLogArchive(deps), store, warnings, opened };
}

function anAttempt(members: Partial<Attempt> = {}): Attempt {
  const worker = { state: 'ended', exitCode: 0, reason: 'Completed' } as const;
  const metadata = { uid, name: 'flow-a-abcde', creationTimestamp: at(3) };
  return { ...readAttempt({ metadata }), flow: 'flow-a', worker, terminal: true, ...members };
}

async function read(
  store: MemoryStore,
  wanted: { tailLines?: number; sinceTime?: string } = {},
): Promise<string> {
  const [log] = await listArchivedLogs(store, 'flow-a', signal);
  assert.ok(log !== undefined);
  assert.equal(log.attempt, uid);
  const chunks = await openArchivedLog(store, { log, timestamps: false, ...wanted }, signal);
  const bytes: Buffer[] = [];
  for await (const chunk of chunks) bytes.push(chunk);
  return Buffer.concat(bytes).toString('latin1');
}

test('a log is stored with its times and without secrets, and read without its times', async () => {
  const { archive, store, opened } = archiveOf({ secrets: { parameters: secret } });
  await archive.save(anAttempt({ secrets: [{ name: 'parameters', optional: false }] }), signal);
  assert.deepEqual(opened, ['flow-a-abcde']);
  const [[key, bytes] = []] = [...store.objects];
  assert.match(key ?? '', /^flows\/flow-a\/log-\d{14}-0b5f1f0e-[0-9a-f-]+\.txt$/);
  assert.equal(bytes?.toString(), `${time} first [redacted]\n${time} last\n`);
  assert.equal(await read(store), 'first [redacted]\nlast\n');
});

test('the archive is read from its last lines, from a time on, and byte by byte', async () => {
  const lines = [1, 2, 3].map((second) =>
    Buffer.from(`2026-11-28T12:00:0${second}Z \xff${second}\n`, 'latin1'),
  );
  const { archive, store } = archiveOf({ log: () => [...lines, Buffer.from('2026-11-28T12:00:04Z open')] });
  await archive.save(anAttempt(), signal);
  assert.equal(await read(store), '\xff1\n\xff2\n\xff3\nopen');
  assert.equal(await read(store, { tailLines: 2 }), '\xff3\nopen');
  assert.equal(await read(store, { tailLines: 9, sinceTime: '2026-11-28T12:00:03Z' }), '\xff3\nopen');
  assert.equal(await read(store, { tailLines: 0 }), '');
});

test('of a long log the end is stored, and a worker that wrote nothing has an empty one', async () => {
  const line = Buffer.from(`${time} ${'x'.repeat(60)}\n`);
  const long = archiveOf({
    log: () => Array.from({ length: 1000 }, () => line),
    keptLogBytes: 3 * line.length,
  });
  await long.archive.save(anAttempt(), signal);
  assert.match(await read(long.store), /^\[the \d+ bytes before this line were not kept\]\n(x{60}\n){2,3}$/);
  const empty = archiveOf({ log: () => [] });
  await empty.archive.save(anAttempt(), signal);
  assert.equal(await read(empty.store), '');
});

test('nothing is asked for if there is nothing to keep', async () => {
  const waiting = archiveOf({});
  await waiting.archive.save(anAttempt({ worker: { state: 'waiting' } }), signal);
  const deprovisioned = archiveOf({ flow: { deprovisionAskedAt: at(9) } });
  await deprovisioned.archive.save(anAttempt(), signal);
  const off = archiveOf({ keptLogBytes: 0 });
  await off.archive.save(anAttempt(), signal);
  assert.deepEqual([...waiting.opened, ...deprovisioned.opened, ...off.opened], []);
});

test('a log that cannot be read or redacted is left out with a warning, after a bounded number of tries', async () => {
  const gone = archiveOf({});
  await gone.archive.save(anAttempt({ secrets: [{ name: 'parameters', optional: false }] }), signal);
  assert.equal(gone.opened.length, 0);
  const down = archiveOf({
    log: () => {
      throw new ServiceError('cluster-unavailable', 'down');
    },
  });
  await down.archive.save(anAttempt(), signal);
  assert.equal(down.opened.length, 2);
  const storeDown = archiveOf({
    store: {
      ...memoryStore(),
      put: () => Promise.reject(new ServiceError('store-unavailable', 'down')),
    },
  });
  await storeDown.archive.save(anAttempt(), signal);
  assert.equal(storeDown.opened.length, 3);
  const message = archiveOf({ log: () => [Buffer.from('unable to retrieve container logs')] });
  await message.archive.save(anAttempt(), signal);
  for (const { store, warnings } of [gone, down, storeDown, message]) {
    assert.equal(store.objects.size, 0);
    assert.deepEqual(
      warnings.map((line) => (JSON.parse(line) as { msg: string }).msg),
      ['worker log not archived'],
    );
  }
});

test('a log that a kubelet has removed with the containers of its pod does not replace what was read before', async () => {
  const store = memoryStore();
  await archiveOf({ store }).archive.save(anAttempt(), signal);
  await archiveOf({ store, log: () => [] }).archive.save(anAttempt({ deletedAt: at(9) }), signal);
  assert.equal(await read(store), `first ${secret}\nlast\n`);
});

test('a step that ends while a log is read fails, so that another replica does it', async () => {
  const ending = new AbortController();
  const { archive } = archiveOf({
    log: async function* () {
      await Promise.resolve();
      ending.abort(new Error('the term is over'));
      yield* [];
      throw new ServiceError('cluster-unavailable', 'aborted');
    },
  });
  await assert.rejects(archive.save(anAttempt(), ending.signal), /the term is over/);
});
