import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'node:test';

import { ContainerLog } from '../../src/runner/container-log.ts';
import { readLog } from '../../src/runner/read-log.ts';
import type { PodLogOptions } from '../../src/pod-logs.ts';
import { waitUntil } from '../wait-until.ts';
import { shell, startNode } from './node-fixture.ts';
import type { NodeFixture } from './node-fixture.ts';

const plain = { follow: false, previous: false, timestamps: false };

async function logOf(
  node: NodeFixture,
  container: string,
  options: Partial<PodLogOptions> = {},
): Promise<string> {
  const { uid } = node.pod().metadata;
  const key = { namespace: 'work', pod: 'pod', uid, container };
  const signal = new AbortController().signal;
  return text(await node.runner.logs.read(key, { ...plain, ...options }, signal));
}

test('a log has both streams in order, and keeps a last line without its end as it is', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [shell('worker', 'echo one; echo two >&2; printf three')] });
  await node.untilPhase('Succeeded');
  const lines = (await logOf(node, 'worker')).split('\n');
  assert.deepEqual(lines.sort(), ['one', 'three', 'two']);
  assert.match(await logOf(node, 'worker', { timestamps: true }), /^\d{4}-\d\d-\d\dT[\d:.]{18}Z (one|two)\n/);
});

test('a log can be cut from the end, from the start, and by time', async (t) => {
  const node = startNode(t);
  node.createPod({ containers: [shell('worker', 'seq 100')] });
  await node.untilPhase('Succeeded');
  assert.equal(await logOf(node, 'worker', { tailLines: 2 }), '99\n100\n');
  assert.equal(await logOf(node, 'worker', { tailLines: 0 }), '');
  assert.equal(await logOf(node, 'worker', { limitBytes: 5 }), '1\n2\n3');
  assert.equal(await logOf(node, 'worker', { sinceTime: new Date(Date.now() + 60_000) }), '');
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
  await assert.rejects(logOf(node, 'other'), /container "other" in pod "pod" is waiting to start: \w+/);
  await assert.rejects(logOf(node, 'nobody'), { code: 400 });
});

test('a log is bounded: the oldest lines go', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const log = new ContainerLog({ folder, now: () => new Date(), segmentBytes: 2000 });
  for (let line = 0; line < 1000; line += 1) log.append('stdout', Buffer.from(`line ${line}\n`));
  log.append('stdout', Buffer.alloc(40_000, 'x'));
  log.end();
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  assert.equal(sizes.length, 2);
  const kept = await text(readLog(log, { ...plain, follow: true }, new AbortController().signal));
  assert.match(kept, /^x+$/);
});
