import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { ContainerLog, lastLines, withoutPrefixes } from '../../src/node/container-log.ts';
import { readLog } from '../../src/node/read-log.ts';
import type { PodLogOptions } from '../../src/objects/pod-logs.ts';
import { waitUntil } from '../wait-until.ts';
import { type NodeFixture, shell, startNode } from './node-fixture.ts';

const plain = { follow: false, previous: false, timestamps: false };

async function logOf(
  node: NodeFixture,
  container: string,
  options: Partial<PodLogOptions> = {},
): Promise<string> {
  const { uid } = node.pod().metadata;
  const key = { namespace: 'work', pod: 'pod', uid, container };
  const signal = new AbortController().signal;
  return text(await node.kubelet.logs.read(key, { ...plain, ...options }, signal));
}

test('a log has both streams in order, and keeps a last line without its end as it is', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [shell('worker', 'echo one; echo two >&2; printf three')] });
  await node.untilPhase('Succeeded');
  const lines = (await logOf(node, 'worker')).split('\n');
  assert.deepEqual(lines.sort(), ['one', 'three', 'two']);
});

test('a log can be cut from the end and from the start', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [shell('worker', 'seq 100')] });
  await node.untilPhase('Succeeded');
  assert.equal(await logOf(node, 'worker', { tailLines: 2 }), '99\n100\n');
  assert.equal(await logOf(node, 'worker', { tailLines: 0 }), '');
  assert.equal(await logOf(node, 'worker', { limitBytes: 5 }), '1\n2\n3');
});

test('following gives what was there and what comes, until the container ends', async (t) => {
  const node = startNode(t);
  const mounts = { volumeMounts: [{ name: 'v', mountPath: '/v' }] };
  const script = 'echo first; until test -f /v/go; do sleep 0.05; done; echo last';
  node.createPod({ containers: [shell('worker', script, mounts)], volumes: [{ name: 'v', emptyDir: {} }] });
  await waitUntil('the first line is there', async () => (await logOf(node, 'worker')) === 'first\n');
  const followed = logOf(node, 'worker', { follow: true });
  node.touch('v', 'go');
  assert.equal(await followed, 'first\nlast\n');
});

test("the previous run's log is there after a restart, and what is not there is refused", async (t) => {
  const node = startNode(t);
  const mounts = { volumeMounts: [{ name: 'v', mountPath: '/v' }] };
  const script = 'if test -f /v/x; then echo second; exit 0; fi; echo first; touch /v/x; exit 1';
  node.createPod({
    restartPolicy: 'OnFailure',
    containers: [shell('worker', script, mounts), { name: 'other', image: 'unknown' }],
    volumes: [{ name: 'v', emptyDir: {} }],
  });
  await node.untilState('worker', 'Completed(0)');
  assert.equal(await logOf(node, 'worker'), 'second\n');
  assert.equal(await logOf(node, 'worker', { previous: true }), 'first\n');
  await assert.rejects(logOf(node, 'other'), /container "other" in pod "pod" has no log/);
  await assert.rejects(logOf(node, 'nobody'), { code: 400 });
});

function aLog(t: TestContext, keptBytes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'logs', '0.log');
  return { log: new ContainerLog(file, keptBytes), size: () => statSync(file).size };
}

test('a log is bounded: the oldest lines go, the last ones stay whole', (t) => {
  const { log, size } = aLog(t, 2000);
  for (let line = 0; line < 1000; line += 1) {
    log.append('stdout', Buffer.from(`line ${line}\n`));
    assert.ok(size() <= 4000);
  }
  const lines = withoutPrefixes(log.read()).toString().split('\n');
  assert.match(lines[0] ?? '', /^line \d+$/);
  assert.deepEqual(lines.slice(-3), ['line 998', 'line 999', '']);
  assert.ok(size() >= 2000);
  log.append('stderr', Buffer.alloc(40_000, 'x'));
  assert.match(withoutPrefixes(log.read()).toString(), /^x{1900,2000}$/);
});

test('lines have the times at which they were written, and a log starts at one of them', (t) => {
  const { log } = aLog(t, 100_000);
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-01-01T00:00:00.250Z') });
  log.append('stdout', Buffer.from('one\n\u00e9\n'));
  log.append('stdout', Buffer.alloc(20_000, 'x'));
  t.mock.timers.tick(1000);
  log.append('stdout', Buffer.from('y\nrest'));
  log.end();
  const [first, second] = ['2026-01-01T00:00:00.250000000Z', '2026-01-01T00:00:01.250000000Z'];
  const long = `${'x'.repeat(20_000)}y`;
  assert.equal(withoutPrefixes(log.read()).toString(), `one\n\u00e9\n${long}\nrest`);
  assert.equal(
    withoutPrefixes(log.read(), '', true).toString(),
    `${first} one\n${first} \u00e9\n${first} ${long}\n${second} rest`,
  );
  assert.equal(withoutPrefixes(log.read(), '2026-01-01T00:00:01').toString(), 'y\nrest');
  assert.equal(withoutPrefixes(log.read(), '2026-01-01T00:00:02').toString(), '');
});

test('who follows a log gets on where it was when the oldest lines go', async (t) => {
  const { log } = aLog(t, 100);
  const followed = text(readLog(log, { ...plain, follow: true }, new AbortController().signal));
  const expected = Array.from({ length: 200 }, (_, line) => `line ${line}\n`);
  for (const line of expected) {
    log.append('stdout', Buffer.from(line));
    await setImmediate();
  }
  log.end();
  assert.equal(await followed, expected.join(''));
});

test('a log without a line feed at its end, or with empty lines, is cut in lines', () => {
  const cut = ['', '\n', 'a', '\na\n', '\n\n\n', 'a\nb'].map((all) =>
    [1, 2, 9].map((count) => lastLines(Buffer.from(all), count).toString()),
  );
  assert.deepEqual(cut, [
    ['', '', ''],
    ['\n', '\n', '\n'],
    ['a', 'a', 'a'],
    ['a\n', '\na\n', '\na\n'],
    ['\n', '\n\n', '\n\n\n'],
    ['b', 'a\nb', 'a\nb'],
  ]);
});
