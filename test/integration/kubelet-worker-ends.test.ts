import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEnded } from '../support/flow-ends.ts';
import { runBeside } from '../support/run-beside.ts';
import { shellTemplate } from '../support/shell-template.ts';
import { startWorld } from '../support/start-world.ts';
import type { World } from '../support/world.ts';

/** Takes 384 MiB and keeps them. */
const hog = `
import { setTimeout as delay } from 'node:timers/promises';
const held = [];
for (let index = 1; index <= 24; index += 1) {
  held.push(Buffer.alloc(16 * 2 ** 20, index));
  await delay(50);
}
await delay(1_000_000, held);
`;
const hungry = { image: 'node:24-slim', memory: '128Mi', files: { 'hog.mjs': hog } };

const words =
  'echo half > "$RESULT_DIRECTORY/half.txt"; echo "looked into the drawer"; echo "no input" > /dev/termination-log; exit 3';
const templates = {
  'exit-3': shellTemplate({ script: words }),
  greedy: shellTemplate({ ...hungry, script: 'exec node /files/hog.mjs' }),
  careless: shellTemplate({
    ...hungry,
    script: 'node /files/hog.mjs; echo unharmed > "$RESULT_DIRECTORY/result.txt"; exit 0',
  }),
};

const scenarios: Record<string, (world: World) => Promise<void>> = {
  'a worker that exits 3 ends its transfer with its code and its own last words': exits3,
  'a worker that takes more memory than its limit ends its transfer with that reason': takesMemory,
  'a worker whose child was killed for its memory has failed, though it exits 0 and its Job is Complete':
    losesChild,
};

test('workers that fail, beside each other', { concurrency: true }, async (t) => {
  await runBeside(t, await startWorld(t, { templates }), scenarios);
});

async function exits3(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'exit-3' });
  const says = /exit code 3 \(Error\): no input/;
  const record = await assertEnded(world, transfer, { phase: 'failed', reason: 'worker-failed', says });
  assert.equal(record.attempt?.worker?.exitCode, 3);
  assert.equal(record.outcome.phase === 'failed' && record.outcome.detail, 'looked into the drawer');
  // A log may hold what is the provider's own: nobody else is sent it.
  assert.doesNotMatch(JSON.stringify(world.connector().exchanges({})), /drawer/);
}

async function takesMemory(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'greedy' });
  const record = await assertEnded(world, transfer, { phase: 'failed', reason: 'worker-out-of-memory' });
  assert.deepEqual(
    { code: record.attempt?.worker?.exitCode, reason: record.attempt?.worker?.reason },
    { code: 137, reason: 'OOMKilled' },
  );
}

async function losesChild(world: World): Promise<void> {
  const transfer = world.connector().startTransfer({ assetId: 'careless' });
  const record = await assertEnded(world, transfer, { phase: 'failed', reason: 'worker-out-of-memory' });
  assert.deepEqual(
    { code: record.attempt?.worker?.exitCode, reason: record.attempt?.worker?.reason },
    { code: 0, reason: 'OOMKilled' },
  );
}
