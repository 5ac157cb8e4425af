import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../../../src/errors.ts';
import { logKey } from '../../../../src/flow/keys.ts';
import type { Pod } from '../../../../src/kubernetes/types.ts';
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
    refused,
  }: { pods?: Pod[]; archived?: [string | undefined, number][]; refused?: boolean },
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
        refused === true
          ? Promise.reject(new ServiceError('cluster-refused', 'unable to retrieve container logs'))
          : Promise.resolve(
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
  const log = await find({ pods: [pod(first, ended, 'Failed')], archived, refused: true });
  assert.deepEqual([log.kind === 'log' && log.source, log.text], ['archive', 'archived a\n']);
});
