import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFlow, type Flow } from '../../../src/flow/flow.ts';
import { recordIndexKey, recordKey } from '../../../src/flow/keys.ts';
import { listFlows } from '../../../src/requests/list-flows.ts';
import type { FlowQuery, FlowView } from '../../../src/requests/flow-service.ts';
import { aJob } from '../../support/flow-job.ts';
import { memoryStore, type MemoryStore } from '../result/stored-results.ts';

const { signal } = new AbortController();
const sample = readFlow(aJob());

function flowOf(name: string, acceptedAt: string): Flow {
  assert.ok(sample);
  return { ...sample, name, request: { ...sample.request, acceptedAt } };
}

function record(store: MemoryStore, { name, request, plan }: Flow): void {
  const outcome = { phase: 'cancelled', at: request.acceptedAt, reason: 'cancelled-by-user', message: '' };
  store.objects.set(recordKey(name), Buffer.from(JSON.stringify({ flow: name, request, plan, outcome })));
  store.objects.set(recordIndexKey({ flow: name, acceptedAt: request.acceptedAt }), Buffer.alloc(0));
}

interface Listing {
  open?: Flow[];
  ended?: Flow[];
}

function listing({ open = [], ended = [] }: Listing) {
  const store = memoryStore();
  for (const flow of ended) record(store, flow);
  const flows = new Map(open.map((flow) => [flow.name, flow]));
  const cache = { flow: (name: string) => flows.get(name), flows: () => flows.values(), attempts: () => [] };
  const deps = { store, now: () => new Date('2026-03-01T12:00:00Z'), observed: { current: () => cache } };
  async function list(query: Partial<FlowQuery> = {}) {
    const page = await listFlows(deps, { limit: 10, matches: () => true, ...query }, signal);
    return { names: page.flows.map(({ flow }) => flow), next: page.next };
  }
  return { store, flows, list };
}

const [a, b, c, d] = [
  flowOf('flow-a', '2026-02-27T10:00:00.000Z'),
  flowOf('flow-b', '2026-02-28T23:59:59.999Z'),
  flowOf('flow-c', '2026-03-01T00:00:00.000Z'),
  flowOf('flow-d', '2026-03-01T00:00:00.000Z'),
] as const;

test('open flows and records are listed together, the latest first, equal times by name', async () => {
  const { list } = listing({ open: [a, d], ended: [c, b] });
  assert.deepEqual(await list(), { names: ['flow-d', 'flow-c', 'flow-b', 'flow-a'], next: undefined });
});

test('a flow that has ended between two pages, and one that was accepted, change no other page', async () => {
  const { store, flows, list } = listing({ open: [a, b, c], ended: [] });
  const first = await list({ limit: 2 });
  assert.deepEqual(first.names, ['flow-c', 'flow-b']);
  flows.delete('flow-a');
  record(store, a);
  flows.set('flow-d', d);
  assert.deepEqual(await list({ limit: 2, before: first.next }), { names: ['flow-a'], next: undefined });
});

test('a flow that is open and recorded is listed once, as it is now', async () => {
  const { list } = listing({ open: [a], ended: [a] });
  assert.deepEqual((await list()).names, ['flow-a']);
});

test('a filter leaves places out and none is lost between pages', async () => {
  const { list } = listing({ open: [d, b], ended: [c, a] });
  function wanted({ flow }: FlowView): boolean {
    return flow === 'flow-a' || flow === 'flow-d';
  }
  const first = await list({ limit: 1, matches: wanted });
  assert.deepEqual(first.names, ['flow-d']);
  assert.deepEqual((await list({ limit: 1, matches: wanted, before: first.next })).names, ['flow-a']);
  assert.deepEqual((await list({ since: '2026-02-28T00:00:00.000Z' })).names, ['flow-d', 'flow-c', 'flow-b']);
});

test('a time far from all flows costs no days: the page begins at the latest flow', async () => {
  const { list } = listing({ open: [a, d], ended: [] });
  const before = { acceptedAt: '9999-12-31T23:59:59.999Z', flow: '' };
  assert.deepEqual(await list({ before }), { names: ['flow-d', 'flow-a'], next: undefined });
  const since = '0001-01-01T00:00:00.000Z';
  assert.deepEqual(await list({ since }), { names: ['flow-d', 'flow-a'], next: undefined });
});

test('one page reads a bounded number of days and of records', async () => {
  const old = flowOf('flow-old', '2025-11-01T00:00:00.000Z');
  const { list } = listing({ open: [d], ended: [old] });
  const pages: string[][] = [];
  let before: FlowQuery['before'];
  do {
    const page = await list({ before });
    pages.push(page.names);
    before = page.next;
  } while (before !== undefined);
  assert.deepEqual(pages, [['flow-d'], [], [], ['flow-old']]);

  const many = Array.from({ length: 1100 }, (_, index) =>
    flowOf(`flow-${String(index).padStart(4, '0')}`, '2026-02-01T00:00:00.000Z'),
  );
  const crowded = listing({ ended: many });
  const page = await crowded.list({ matches: () => false });
  assert.equal(crowded.store.reads.length < 600, true);
  assert.deepEqual([page.names, page.next?.flow], [[], 'flow-0600']);
});

test('a record that is gone leaves its place empty', async () => {
  const { store, list } = listing({ ended: [a, b] });
  store.objects.delete(recordKey('flow-b'));
  assert.deepEqual((await list()).names, ['flow-a']);
});

test('a replica that does not follow the cluster lists nothing instead of a part', async () => {
  const deps = { store: memoryStore(), now: () => new Date(), observed: { current: () => undefined } };
  const query = { limit: 1, matches: () => true };
  await assert.rejects(listFlows(deps, query, signal), { code: 'unavailable' });
});
