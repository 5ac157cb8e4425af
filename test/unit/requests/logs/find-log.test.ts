import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { logKey } from '../../../../src/flow/keys.ts';
import type { Pod } from '../../../../src/kubernetes/types.ts';
import { endedMillis } from '../../../../src/requests/logs/pod-log.ts';
import { findLog, type FoundLog, type WantedLog } from '../../../../src/requests/logs/find-log.ts';
import { at } from '../../../support/flow-values.ts';
import { memoryStore } from '../../result/stored-results.ts';

type Deps = Parameters<typeof findLog>[0];

const { signal } = new AbortController();
const [first, second, third] = ['a', 'b', 'c'].map(
  (letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`,
);

function pod(uid: string | undefined, state: object, phase = 'Running'): Pod {
  return {
    metadata: { uid: uid ?? '', name: `pod-${uid?.[0] ?? ''}`, creationTimestamp: at(9) },
    status: { phase, containerStatuses: [{ name: 'worker', state }] },
  } as Pod;
}

const running = { running: { startedAt: at(10) } };
const ended = { terminated: { exitCode: 0, reason: 'Completed' } };
const waiting = { waiting: { reason: 'ContainerCreating' } };

async function find(
  {
    pods = [],
    archived = [],
    opening,
  }: { pods?: Pod[]; archived?: [string | undefined, number][]; opening?: () => Promise<never> },
  wanted: Partial<WantedLog> = {},
): Promise<FoundLog & { text?: string }> {
  const store = memoryStore();
  for (const [attempt = '', seconds] of archived) {
    const body = Buffer.from(`2026-11-28T12:00:00Z archived ${attempt[0] ?? ''}\n`);
    const key = logKey('flow-a', { attempt, createdAt: at(seconds) });
    await store.put({ key, body, contentType: 'text/plain' }, signal);
  }
  const deps = {
    store,
    cluster: {
      pods: { list: () => Promise.resolve({ items: pods }) },
      openLog: (name: string) =>
        opening?.() ??
        Promise.resolve(
          (async function* () {
            await Promise.resolve();
            yield Buffer.from(`2026-11-28T12:00:00Z log of ${name}\n`);
          })(),
        ),
    },
  } as unknown as Deps;
  const all = { flow: 'flow-a', container: 'worker', follow: false, timestamps: false, ...wanted } as const;
  const log = await findLog(deps, all, signal);
  if (log.kind !== 'log') return log;
  const bytes: Buffer[] = [];
  for await (const chunk of log.bytes) bytes.push(chunk);
  return { ...log, text: Buffer.concat(bytes).toString() };
}

test('the latest attempt is chosen, or the one that is wanted, from its pod or from the bucket', async () => {
  const logs = {
    pods: [pod(third, running)],
    archived: [
      [second, 5],
      [first, 1],
    ] as [string | undefined, number][],
  };
  const latest = await find(logs);
  assert.deepEqual([latest.kind === 'log' && latest.source, latest.text], ['pod', 'log of pod-c\n']);
  for (const [attempt, letter] of [
    [first, 'a'],
    [second, 'b'],
  ] as const) {
    const log = await find(logs, { attempt: attempt ?? '' });
    assert.deepEqual([log.kind === 'log' && log.attempt, log.text], [attempt, `archived ${letter}\n`]);
  }
  assert.equal((await find({ ...logs, pods: [] })).text, 'archived b\n');
});

test('an attempt that is not known has the names of those that are', async () => {
  const logs = { pods: [pod(third, running)], archived: [[first, 1]] as [string | undefined, number][] };
  const wanted = { attempt: second ?? '' };
  assert.deepEqual(await find(logs, wanted), { kind: 'none', attempts: [first, third] });
  assert.deepEqual(await find(logs, { container: 'uploader', attempt: first ?? '' }), {
    ...{ kind: 'none', attempts: [third] },
  });
});

test('a container that has not started waits, unless its pod has ended', async () => {
  assert.deepEqual(await find({ pods: [pod(first, waiting, 'Pending')] }), { kind: 'waiting' });
  assert.deepEqual(await find({ pods: [pod(first, waiting, 'Failed')] }), {
    kind: 'none',
    attempts: [first],
  });
  assert.deepEqual(await find({}), { kind: 'none', attempts: [] });
});

test('a log that its node has no more comes from the bucket', async () => {
  const archived: [string | undefined, number][] = [
    [first, 1],
    [second, 5],
  ];
  const refused = new ServiceError('cluster-refused', 'unable to retrieve container logs');
  const pods = [pod(first, ended, 'Failed')];
  const log = await find({ pods, archived, opening: () => Promise.reject(refused) });
  assert.deepEqual([log.kind === 'log' && log.source, log.text], ['archive', 'archived a\n']);
});

const away = new ServiceError('cluster-unavailable', 'dial tcp 192.0.2.1:10250: no route to host');
const openings: { name: string; opening: () => Promise<never>; follow: boolean }[] = [
  { name: 'is away', opening: () => Promise.reject(away), follow: false },
  { name: 'is away, for a client that follows', opening: () => Promise.reject(away), follow: true },
  { name: 'is silent', opening: () => new Promise(() => undefined), follow: false },
  { name: 'is silent, for a client that follows', opening: () => new Promise(() => undefined), follow: true },
];

for (const { name, opening, follow } of openings)
  test(`the log of an ended worker whose node ${name} comes from the bucket`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const pods = [pod(first, ended, 'Failed')];
    async function found(archived: [string | undefined, number][]) {
      const opened = Promise.withResolvers<undefined>();
      const log = find(
        {
          ...{ pods, archived },
          opening() {
            opened.resolve(undefined);
            return opening();
          },
        },
        { follow },
      );
      await opened.promise;
      t.mock.timers.tick(endedMillis);
      return await log;
    }
    const log = await found([[first, 1]]);
    assert.deepEqual([log.kind === 'log' && log.source, log.text], ['archive', 'archived a\n']);
    // Its node may come back with it.
    await assert.rejects(found([[second, 1]]), { code: /^(cluster-unavailable|deadline-exceeded)$/ });
  });
