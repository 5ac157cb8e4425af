import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Fault } from 'connector-simulator';
import { startWorld } from '../support/start-world.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { World } from '../support/world.ts';

interface Row {
  name: string;
  /** One after another, each until it was met twice; undefined: its port is closed. */
  faults: (Fault | undefined)[];
}

const rows: Row[] = [
  { name: 'is-down', faults: [undefined] },
  { name: 'answers-500', faults: [{ kind: 'status', status: 500 }] },
  { name: 'answers-500-and-took-it', faults: [{ kind: 'status', status: 500, applied: true }] },
  { name: 'answers-503', faults: [{ kind: 'status', status: 503 }] },
  { name: 'hangs', faults: [{ kind: 'hang' }] },
  { name: 'hangs-and-took-it', faults: [{ kind: 'hang', applied: true }] },
  { name: 'closes-early', faults: [{ kind: 'close' }] },
  { name: 'closes-early-and-took-it', faults: [{ kind: 'close', applied: true }] },
  {
    name: 'starts',
    faults: [
      undefined,
      { kind: 'status', status: 405, page: true },
      { kind: 'status', status: 404, page: true },
    ],
  },
];

test('a callback target gets its callback when it is well again', { concurrency: true }, async (t) => {
  const connectors = [...rows.map(({ name }) => name), 'shows-requests'].map((name) => ({
    name,
    version: '0.15.1' as const,
  }));
  const world = await startWorld(t, { connectors });
  await Promise.all([
    ...rows.map((row) =>
      t.test(`that ${row.name.replaceAll('-', ' ')}`, async () => {
        await deliverDespite(world, row);
      }),
    ),
    t.test('that shows requests in its errors makes nobody keep a secret', async () => {
      await deliverToEcho(world, 'shows-requests');
    }),
  ]);
});

/** It refuses the callback and a termination and shows what it was sent; then it answers as one that starts, before it terminates. */
async function deliverToEcho(world: World, name: string): Promise<void> {
  const simulator = world.connector(name);
  simulator.misbehave('callback', { kind: 'echo', status: 400 });
  simulator.misbehave('management', { kind: 'echo', status: 503 });
  const transfer = simulator.startTransfer({ assetId: 'echo' });
  const flow = world.flowOf(transfer, name);
  const tried = { kind: 'management', transferProcessId: transfer.id } as const;
  const starting = [405, 404].map((status) => ({ kind: 'status', status, page: true }) as const);
  for (const next of [...starting, undefined]) {
    const before = simulator.exchanges(tried).length;
    await waitUntil('a termination was tried', () => simulator.exchanges(tried).length > before);
    simulator.misbehave('management', next);
  }
  const { errorDetail } = await simulator.waitFor(transfer.id, 'TERMINATED');
  const record = await waitUntil('the flow is recorded', () => world.bucket.record(flow));
  const [callback] = simulator.exchanges({ kind: 'callback', transferProcessId: transfer.id });
  const key = String(callback?.headers['x-api-key']);
  const [, token = ''] = /\/results\/[^/]+\/([^/]+)\//.exec(callback?.body ?? '') ?? [];
  assert.ok(key.length > 16 && token.length > 16);
  assert.ok(callback?.answer.includes(key) && callback.answer.includes(token), 'it was shown');
  const kept = {
    log: world.service.log,
    job: await world.namespace.job(flow),
    record,
    reason: errorDetail,
  };
  for (const [where, value] of Object.entries(kept)) {
    const text = JSON.stringify(value);
    assert.ok(!text.includes(key), `the key is in the ${where}`);
    assert.ok(!text.includes(token), `the token is in the ${where}`);
  }
  assert.match(JSON.stringify(kept.log), /\[redacted\]/);
}

async function deliverDespite(world: World, { name, faults }: Row): Promise<void> {
  const simulator = world.connector(name);
  const [first] = faults;
  if (first === undefined) await simulator.goDown();
  else simulator.misbehave('callback', first);
  const transfer = simulator.startTransfer({ assetId: 'echo' });
  const flow = world.flowOf(transfer, name);
  const tried = { kind: 'callback', transferProcessId: transfer.id } as const;
  for (const fault of faults) {
    if (fault === undefined) {
      await waitUntil('a callback was tried', async () => (await world.namespace.flow(flow))?.delivery);
      continue;
    }
    const before = simulator.exchanges(tried).length;
    simulator.misbehave('callback', fault);
    await simulator.comeBack();
    // One that took it deprovisions at once, and then nothing more is sent.
    const tries = 'applied' in fault ? 1 : 2;
    await waitUntil(`it was tried (${tries})`, () => simulator.exchanges(tried).length >= before + tries);
  }
  simulator.misbehave('callback', undefined);
  await simulator.comeBack();
  await simulator.waitFor(transfer.id, 'COMPLETED');
  const [received] = simulator.received(transfer.id);
  assert.equal(await readFile(received?.path ?? '', 'utf8'), 'hello from the worker: ä ö ü €\n');
  const { delivery } = await waitUntil('the flow is recorded', () => world.bucket.record(flow));
  assert.match(delivery.result ?? '', /^(delivered|obsolete)$/);
}
